import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Model, type Strategy, storageTotals, strategies } from '@bitkiln/core';
import type { ExportTarget, WeightPlace } from '@bitkiln/firmware';
import { deviceActivationBytes } from '@bitkiln/firmware/device-bytes';
import { Command, Option } from 'commander';
import { inUsageTerms, readModel } from '../model-file.ts';
import { UsageError } from '../usage-error.ts';

const targets: readonly ExportTarget[] = ['c99', 'avr', 'keras', 'onnx', 'json'];

interface ExportOptions {
  readonly target: ExportTarget;
  readonly output: string;
  readonly strategy?: Strategy;
  readonly weights?: WeightPlace;
  readonly network?: string;
}

/** `bitkiln export MODEL --target c99 -o DIR`: a model file as C, firmware, a Keras or ONNX file, or JSON. */
export function exportCommand(): Command {
  return new Command('export')
    .description('write a model as C, firmware, Keras, ONNX or JSON')
    .argument('<model>', 'a .h5 file, or JSON as /best/model.json serves it')
    .addOption(new Option('--target <name>', 'what for').choices(targets).makeOptionMandatory())
    .requiredOption('-o, --output <dir>', 'folder for the files, made if missing')
    .addOption(
      new Option('--strategy <name>', 'how convolutions work in place in C (herringbone)').choices(
        strategies,
      ),
    )
    .addOption(
      new Option('--weights <place>', 'where an ATmega328P keeps the weights (ram)').choices([
        'ram',
        'flash',
      ]),
    )
    .option('--network <network>', 'the network, where a .h5 file does not say all of it')
    .action(async (file: string, options: ExportOptions) => {
      const { target, output, strategy, weights } = options;
      if (weights !== undefined && target !== 'avr')
        throw new UsageError(`--weights is for avr, not for ${target}`);
      if (strategy !== undefined && target !== 'avr' && target !== 'c99') {
        throw new UsageError(`--strategy is for c99 and avr, not for ${target}`);
      }
      const { exportModel } = await import('@bitkiln/firmware');
      const model = await inUsageTerms(file, () => readModel(file, options.network));
      const settings = { ...(strategy && { strategy }), ...(weights && { weights }) };
      const files = await inUsageTerms(file, () => exportModel(model, target, settings));
      for (const [name, content] of Object.entries(files)) {
        const path = join(output, name);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, content);
        console.log(`${path}  ${Buffer.byteLength(content)} bytes`);
      }
      if (target === 'c99' || target === 'avr') {
        console.log(memoryLine(model, strategy ?? 'herringbone'));
      }
    });
}

function memoryLine({ program }: Model, strategy: Strategy): string {
  const { weightBytes, activationBytes } = storageTotals(program.layers, program.input, strategy);
  const device = deviceActivationBytes(program, strategy);
  const promise =
    device > activationBytes
      ? ` (the storage model's ${activationBytes} do not suffice)`
      : ', as the storage model says';
  return `${strategy}: ${weightBytes} bytes of weights, one buffer of ${Math.ceil(device)} bytes${promise}`;
}
