import type { WorkExperiment } from './types.ts';

/** What a worker reads of its work's experiment, whose table is `e`. */
export const experimentColumns = `e.name, e.seed, e.dataset, e.augmentation, e.data_hash, e.network, e.input_rows,
  e.input_cols, e.input_channels, e.classes`;

export interface ExperimentRow {
  readonly name: string;
  readonly seed: string;
  readonly dataset: string;
  readonly augmentation: string;
  readonly data_hash: string | null;
  readonly network: string;
  readonly input_rows: number;
  readonly input_cols: number;
  readonly input_channels: number;
  readonly classes: number;
}

export function describeExperiment(id: string, row: ExperimentRow): WorkExperiment {
  return {
    id,
    name: row.name,
    seed: Number(row.seed),
    dataset: row.dataset,
    augmentation: row.augmentation,
    dataHash: row.data_hash,
    network: row.network,
    input: { rows: row.input_rows, cols: row.input_cols, channels: row.input_channels },
    classes: row.classes,
  };
}
