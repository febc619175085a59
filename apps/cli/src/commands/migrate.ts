import { Command } from 'commander';
import { UsageError } from '../usage-error.ts';

/** `bitkiln migrate`: brings the database at DATABASE_URL to this version's schema. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description('apply the migrations to the database at DATABASE_URL')
    .action(async () => {
      const url = process.env.DATABASE_URL;
      if (url === undefined)
        throw new UsageError('migrate needs DATABASE_URL, such as postgresql://user@host/bitkiln');
      const { migrate } = await import('@bitkiln/lifecycle');
      const applied = await migrate(url);
      console.log(applied.length === 0 ? 'nothing to apply' : `applied ${applied.join(', ')}`);
    });
}
