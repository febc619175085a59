import { resolve } from 'node:path';

/** Where a host keeps data. */
export interface DataFolders {
  /** The user's own sets and the file that names them. Nothing outside it is read. */
  readonly datasets: string;
  /** Sets that were built or fetched; may be deleted at any time. */
  readonly cache: string;
}

/** `BITKILN_DATASETS` and `BITKILN_DATA`, or folders below `.bitkiln` in the working directory. */
export function dataFolders(env: NodeJS.ProcessEnv = process.env): DataFolders {
  return {
    datasets: resolve(env.BITKILN_DATASETS || '.bitkiln/datasets'),
    cache: resolve(env.BITKILN_DATA || '.bitkiln/data'),
  };
}
