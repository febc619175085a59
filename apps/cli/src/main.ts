import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { backupCommand, restoreCommand } from './commands/backup.ts';
import { bestCommand } from './commands/best.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { experimentCommands } from './commands/experiment-operations.ts';
import { explainCommand } from './commands/explain.ts';
import { exportCommand } from './commands/export.ts';
import { migrateCommand } from './commands/migrate.ts';
import { pruneCommand } from './commands/prune.ts';
import { runCommand } from './commands/run.ts';
import { selectCommand } from './commands/select.ts';
import { storageCommand } from './commands/storage.ts';
import { submitCommand } from './commands/submit.ts';
import { tokenCommand } from './commands/token.ts';
import { trialCommands } from './commands/trial-operations.ts';
import { upCommand } from './commands/up.ts';
import { watchCommand } from './commands/watch.ts';
import { workerCommand } from './commands/worker.ts';
import { UsageError } from './usage-error.ts';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

const program = new Command('bitkiln')
  .description('Finds and fires the best kilobyte-size neural network for a microcontroller.')
  .version(version)
  .showHelpAfterError('(bitkiln --help lists the commands)');

for (const command of [
  upCommand(),
  runCommand(),
  submitCommand(),
  watchCommand(),
  bestCommand(),
  ...experimentCommands(),
  ...trialCommands(),
  pruneCommand(),
  backupCommand(),
  restoreCommand(),
  tokenCommand(),
  workerCommand(),
  migrateCommand(),
  storageCommand(),
  evaluateCommand(),
  exportCommand(),
  explainCommand(),
  selectCommand(),
]) {
  program.addCommand(command.exitOverride());
}
program.exitOverride();

/** 0 success, 2 bad usage (one clear line), 1 failure. */
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof UsageError) {
    console.error(`error: ${error.message}`);
    process.exitCode = 2;
  } else {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
