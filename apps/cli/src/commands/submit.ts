import { Command } from 'commander';
import { createApiClient } from '../client/api-client.ts';
import { readJsonFile } from '../input-file.ts';
import { jsonOption, serviceUrl, urlOption } from '../options.ts';

/** `bitkiln submit FILE`: starts an experiment on a running service. */
export function submitCommand(): Command {
  return new Command('submit')
    .description('start an experiment on a running service')
    .argument('<file>', 'the experiment as JSON, as POST /experiments takes it')
    .addOption(urlOption())
    .addOption(jsonOption())
    .action(async (file: string, options: { url?: string; json?: true }) => {
      const client = createApiClient(serviceUrl(options));
      const { id, name, network } = await client.submit(readJsonFile(file));
      if (options.json) console.log(JSON.stringify({ experimentId: id }));
      else console.log(`experiment ${id}: ${name}\n  ${network}\nwatch it with: npx bitkiln watch ${id}`);
    });
}
