import {
  isStrategy,
  type Layer,
  lowerNetwork,
  NetworkError,
  printLayer,
  type Shape,
  type StorageTotals,
  type Strategy,
  storageReport,
  storageTotals,
  strategies,
} from '@bitkiln/core';
import { deviceActivationBytes } from '@bitkiln/firmware/device-bytes';
import { Command, Option } from 'commander';
import { readJsonFile } from '../input-file.ts';
import { inputOption, jsonOption, networkFrom } from '../options.ts';
import { UsageError } from '../usage-error.ts';

interface StorageOptions {
  readonly strategy: Strategy;
  readonly file?: string;
  readonly input: Shape;
  readonly json?: true;
}

/** `bitkiln storage NETWORK` or `--file pairs.json`: bytes of weights and activations on the device. */
export function storageCommand(): Command {
  return new Command('storage')
    .description('count the bytes of weights and activations that a network takes on the device')
    .argument('[network]', 'compact notation or JSON, such as "A(2,4) C(5,3x3) M(2) S(10)"')
    .addOption(
      new Option('--strategy <name>', 'how convolutions work in place')
        .choices(strategies)
        .default('herringbone'),
    )
    .option('--file <pairs.json>', 'count a list of {"layers": […], "strategy": "…"} in its order')
    .addOption(inputOption())
    .addOption(jsonOption())
    .action((network: string | undefined, options: StorageOptions) => {
      if ((network === undefined) === (options.file === undefined)) {
        throw new UsageError('storage takes a network or --file, one of the two');
      }
      if (network === undefined) countFile(options.file!, options);
      else countOne(network, options);
    });
}

function countOne(network: string, { strategy, input, json }: StorageOptions): void {
  const layers = networkFrom(network);
  if (json) {
    console.log(JSON.stringify(totals(layers, input, strategy)));
    return;
  }
  const report = storageReport(layers, input, strategy);
  const rows = report.layers.map(({ output, weightBytes, liveBytes }, i) => [
    printLayer(layers[i]!),
    `${output.rows}x${output.cols}x${output.channels}`,
    String(weightBytes),
    `${liveBytes}${i === report.peakLayer ? '  <- peak' : ''}`,
  ]);
  console.log(table(['layer', 'output', 'weight bytes', 'live bytes'], rows));
  if (report.totalBytes === -1) {
    console.log(
      `layer ${report.layers.length + 1} shrinks an axis to nothing: this is no network for that input`,
    );
    return;
  }
  console.log(
    `${strategy}: ${report.weightBytes} bytes of weights + ${report.activationBytes} of activations = ${report.totalBytes}` +
      (Number.isInteger(report.totalBytes) ? '' : `, ${Math.ceil(report.totalBytes)} whole bytes`),
  );
  const { deviceActivationBytes: device } = totals(layers, input, strategy);
  if (device !== undefined) {
    console.log(
      `on the device, ${device} bytes of activations: generated code takes more than the model says`,
    );
  }
}

interface DeviceTotals extends StorageTotals {
  /** What generated code takes, where that is more than the model's activationBytes. */
  readonly deviceActivationBytes?: number;
}

function totals(layers: readonly Layer[], input: Shape, strategy: Strategy): DeviceTotals {
  const model = storageTotals(layers, input, strategy);
  const device = deviceBytes(layers, input, strategy);
  return device > model.activationBytes ? { ...model, deviceActivationBytes: device } : model;
}

/** -1 for what the storage model counts though it is no network. */
function deviceBytes(layers: readonly Layer[], input: Shape, strategy: Strategy): number {
  try {
    return deviceActivationBytes(lowerNetwork(layers, input), strategy);
  } catch (error) {
    if (error instanceof NetworkError) return -1;
    throw error;
  }
}

function countFile(file: string, { strategy: fallback, input, json }: StorageOptions): void {
  const pairs = readJsonFile(file);
  if (!Array.isArray(pairs))
    throw new UsageError(`${file}: expected a list of {"layers": […], "strategy": "…"}`);
  const results = pairs.map((pair: unknown, i) => {
    const { layers, strategy = fallback } = (pair ?? {}) as { layers?: unknown; strategy?: unknown };
    if (!isStrategy(strategy)) {
      throw new UsageError(
        `${file}: [${i}].strategy is ${JSON.stringify(strategy)}; expected one of ${strategies.join(', ')}`,
      );
    }
    if (typeof layers !== 'string' && !Array.isArray(layers)) {
      throw new UsageError(`${file}: [${i}].layers is ${JSON.stringify(layers)}; expected a network`);
    }
    return totals(networkFrom(layers, `${file}: [${i}].layers: `), input, strategy);
  });
  if (json) {
    console.log(JSON.stringify(results));
    return;
  }
  const rows = results.map(({ weightBytes, activationBytes, totalBytes }, i) =>
    [i, weightBytes, activationBytes, totalBytes].map(String),
  );
  console.log(table(['index', 'weight bytes', 'activation bytes', 'total bytes'], rows));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
