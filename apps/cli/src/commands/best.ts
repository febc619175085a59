import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { createApiClient } from '../client/api-client.ts';
import { jsonOption, serviceUrl, urlOption } from '../options.ts';
import { reportWinner } from '../watch-experiment.ts';

interface BestOptions {
  readonly url?: string;
  readonly json?: true;
  readonly output?: string;
}

/** `bitkiln best ID`: the winner, and with `-o` its model file. */
export function bestCommand(): Command {
  return new Command('best')
    .description("print an experiment's winner, or save its model")
    .argument('<id>', 'the experiment')
    .option('-o, --output <file>', 'save the model: a name in .h5 gets the Keras file, any other the JSON')
    .addOption(urlOption())
    .addOption(jsonOption())
    .action(async (id: string, { output, json, ...options }: BestOptions) => {
      const client = createApiClient(serviceUrl(options));
      if (output !== undefined) {
        const file = output.endsWith('.h5') ? 'model.h5' : 'model.json';
        writeFileSync(output, await client.file(`/experiments/${id}/best/${file}`));
      }
      await reportWinner(client, id, json === true);
    });
}
