import { Command } from 'commander';
import { byteSize } from '../display/format.ts';
import { jsonOption } from '../options.ts';
import { homeDirectory } from '../service/home.ts';

type Options = { readonly json?: true };

/** `bitkiln backup FILE`: all of the database in one file, while the service runs on. */
export function backupCommand(): Command {
  return new Command('backup')
    .description('write all experiments, models, tokens and the audit to a file; the service may run on')
    .argument('<file>', 'a new file')
    .addOption(jsonOption())
    .action(async (file: string, { json }: Options) => {
      const { backup } = await import('@bitkiln/lifecycle');
      const result = await withDatabaseUrl((url) => backup(url, file));
      if (json) console.log(JSON.stringify(result));
      else {
        const { experiments, trials } = result.rows;
        console.log(
          `${file}: ${experiments} experiments with ${trials} trials in ${byteSize(result.bytes)}; it holds the hashes ` +
            'of API tokens: keep it to yourself',
        );
      }
    });
}

/** `bitkiln restore FILE`: fills a fresh database from a backup. */
export function restoreCommand(): Command {
  return new Command('restore')
    .description('fill a fresh database, of DATABASE_URL or else the embedded one, from a backup')
    .argument('<file>', 'as `bitkiln backup` wrote it')
    .addOption(jsonOption())
    .action(async (file: string, { json }: Options) => {
      const { restore } = await import('@bitkiln/lifecycle');
      const result = await withDatabaseUrl((url) => restore(url, file));
      if (json) console.log(JSON.stringify(result));
      else {
        const { experiments, trials } = result.rows;
        console.log(`restored ${experiments} experiments with ${trials} trials, as of ${result.createdAt}`);
        if (result.migrated.length > 0) console.log(`applied ${result.migrated.join(', ')} on top`);
      }
    });
}

async function withDatabaseUrl<T>(run: (url: string) => Promise<T>): Promise<T> {
  const { findDatabase } = await import('../service/find-database.ts');
  const found = await findDatabase(homeDirectory());
  try {
    return await run(found.url);
  } finally {
    await found.leave();
  }
}
