import { Command, InvalidArgumentError } from 'commander';
import type { PruneReport } from '../client/replies.ts';
import { byteSize } from '../display/format.ts';
import { type AccessOptions, accessOptions, clientOf, jsonOption, wholeNumber } from '../options.ts';

interface PruneOptions extends AccessOptions {
  readonly experiments?: true;
  readonly olderThan: number;
  readonly keep: number;
  readonly dryRun?: true;
  readonly json?: true;
}

/** `bitkiln prune`: removes old checkpoints, or old experiments whole. */
export function pruneCommand(): Command {
  return accessOptions(new Command('prune'))
    .description('remove checkpoints that nothing needs any more, of experiments that ended long ago')
    .option('--experiments', 'remove the experiments whole, record and model files too')
    .option('--older-than <age>', 'how long they must have been over, such as 12h, 30d or 8w', parseAge, 30)
    .option('--keep <count>', 'the newest experiments, which stay', wholeNumber(0, 1_000_000), 0)
    .option('--dry-run', 'tell what would go, and leave it')
    .addOption(jsonOption())
    .action(async ({ experiments, olderThan, keep, dryRun, json, ...options }: PruneOptions) => {
      const client = clientOf(options);
      const rules = {
        what: experiments ? 'experiments' : 'checkpoints',
        olderThanDays: olderThan,
        keep,
        dryRun: dryRun === true,
      };
      const report = await client.send<PruneReport>('POST', '/prune', rules);
      const all = [...report.experiments];
      let { complete } = report;
      while (!complete && !dryRun) {
        const next = await client.send<PruneReport>('POST', '/prune', rules);
        all.push(...next.experiments);
        complete = next.complete;
      }
      const bytes = all.reduce((sum, entry) => sum + entry.bytes, 0);
      if (json) {
        console.log(JSON.stringify({ dryRun: rules.dryRun, complete, experiments: all, bytes }));
        return;
      }
      const verb = dryRun ? 'would remove' : 'removed';
      for (const { id, name, finishedAt, checkpoints, bytes: size } of all) {
        const what = experiments ? 'all' : `${checkpoints} checkpoints`;
        console.log(
          `${verb} ${what} of ${id} (${name}, ended ${finishedAt.slice(0, 10)}): ${byteSize(size)}`,
        );
      }
      const more = complete ? '' : ', and there is more';
      console.log(`${verb} ${byteSize(bytes)} of ${all.length} experiments${more}`);
    });
}

const daysOf: Readonly<Record<string, number>> = { h: 1 / 24, d: 1, w: 7 };

/** Days. */
function parseAge(text: string): number {
  const [, count, unit] = /^(\d{1,5})([hdw])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) {
    throw new InvalidArgumentError('Expected hours, days or weeks such as 12h, 30d or 8w.');
  }
  return Number(count) * daysOf[unit]!;
}
