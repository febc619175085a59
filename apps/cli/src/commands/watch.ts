import { Command } from 'commander';
import { type AccessOptions, accessOptions, clientOf, jsonOption } from '../options.ts';
import { reportWinner, watchExperiment } from '../watch-experiment.ts';

/** `bitkiln watch ID`: shows progress until the experiment is over, then its winner. */
export function watchCommand(): Command {
  return accessOptions(new Command('watch'))
    .description("show an experiment's progress until it is over, then its winner")
    .argument('[id]', 'the experiment; the newest where left out')
    .addOption(jsonOption())
    .action(async (id: string | undefined, options: AccessOptions & { json?: true }) => {
      const client = clientOf(options);
      const experimentId = id ?? (await client.newestExperiments(1))[0]?.id;
      if (experimentId === undefined) throw new Error(`there is no experiment at ${client.url} yet`);
      await watchExperiment(client, experimentId, new AbortController().signal);
      await reportWinner(client, experimentId, options.json === true);
    });
}
