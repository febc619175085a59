import { Command } from 'commander';
import { readJsonFile } from '../input-file.ts';
import { type AccessOptions, accessOptions, clientOf, jsonOption } from '../options.ts';

/** `bitkiln submit FILE`: starts an experiment on a running service. */
export function submitCommand(): Command {
  return accessOptions(new Command('submit'))
    .description('start an experiment on a running service')
    .argument('<file>', 'the experiment as JSON, as POST /experiments takes it')
    .addOption(jsonOption())
    .action(async (file: string, options: AccessOptions & { json?: true }) => {
      const client = clientOf(options);
      const { id, name, network } = await client.submit(readJsonFile(file));
      if (options.json) console.log(JSON.stringify({ experimentId: id }));
      else console.log(`experiment ${id}: ${name}\n  ${network}\nwatch it with: npx bitkiln watch ${id}`);
    });
}
