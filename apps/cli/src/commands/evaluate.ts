import { type EngineName, engineNames, evaluateModel, formatShape, printNetwork } from '@bitkiln/core';
import { Command, Option } from 'commander';
import { percent } from '../display/format.ts';
import { inUsageTerms, readModel } from '../model-file.ts';
import { jsonOption, wholeNumber } from '../options.ts';
import { UsageError } from '../usage-error.ts';

interface EvaluateOptions {
  readonly dataset: string;
  readonly split: 'validation' | 'test';
  readonly engine?: EngineName;
  readonly logitBits?: number;
  readonly network?: string;
  readonly json?: true;
}

/** `bitkiln evaluate MODEL`: correct images and loss of a model file, by one of core's engines. */
export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('count the images that a model file gets right')
    .argument('<model>', 'a .h5 file, or JSON as /best/model.json serves it')
    .option('--dataset <name>', 'whose images', 'mnist')
    .addOption(new Option('--split <name>', 'which of them').choices(['validation', 'test']).default('test'))
    .addOption(
      new Option(
        '--engine <name>',
        'how to run the network; integer where the model is quantized, else float',
      ).choices(engineNames),
    )
    .option('--logit-bits <bits>', 'bits of the logits, 16 or those of S', wholeNumber(1, 16))
    .option('--network <network>', 'the network, where a .h5 file does not say all of it')
    .addOption(jsonOption())
    .action(async (file: string, options: EvaluateOptions) => {
      const { DatasetError, loadDataset } = await import('@bitkiln/datasets');
      const model = await inUsageTerms(file, () => readModel(file, options.network));
      const engine = options.engine ?? (model.stage === 'float' ? 'float' : 'integer');
      const { [options.split]: images, shape } = await loadDataset(options.dataset).catch(
        (error: unknown) => {
          throw error instanceof DatasetError ? new UsageError(`--dataset: ${error.message}`) : error;
        },
      );
      const { input } = model.program;
      if (shape.rows !== input.rows || shape.cols !== input.cols || shape.channels !== input.channels) {
        throw new UsageError(
          `${file} takes ${formatShape(input)} images, but those of ${options.dataset} are ${formatShape(shape)}`,
        );
      }
      const settings = {
        engine,
        ...(options.logitBits === undefined ? {} : { logitBits: options.logitBits }),
      };
      const { correct, total, loss } = await inUsageTerms(file, () => evaluateModel(model, images, settings));
      const network = printNetwork(model.program.layers);
      const result = {
        correct,
        total,
        accuracy: correct / total,
        loss,
        engine,
        split: options.split,
        network,
      };
      if (options.json) console.log(JSON.stringify(result));
      else {
        console.log(
          `${network}\n${correct} of ${total} ${options.split} images correct (${percent(correct / total)}), ` +
            `loss ${loss.toFixed(6)}, ${engine} engine`,
        );
      }
    });
}
