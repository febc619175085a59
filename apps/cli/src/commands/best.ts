import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { type AccessOptions, accessOptions, clientOf, jsonOption } from '../options.ts';
import { reportWinner } from '../watch-experiment.ts';

interface BestOptions extends AccessOptions {
  readonly json?: true;
  readonly output?: string;
}

/** `bitkiln best ID`: the winner, and with `-o` its model file. */
export function bestCommand(): Command {
  return accessOptions(new Command('best'))
    .description("print an experiment's winner, or save its model")
    .argument('<id>', 'the experiment')
    .option('-o, --output <file>', 'save the model: a name in .h5 gets the Keras file, any other the JSON')
    .addOption(jsonOption())
    .action(async (id: string, { output, json, ...options }: BestOptions) => {
      const client = clientOf(options);
      if (output !== undefined) {
        const file = output.endsWith('.h5') ? 'model.h5' : 'model.json';
        writeFileSync(output, await client.file(`/experiments/${id}/best/${file}`));
      }
      await reportWinner(client, id, json === true);
    });
}
