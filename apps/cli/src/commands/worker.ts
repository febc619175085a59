import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Command } from 'commander';
import { inCheckout } from '../service/home.ts';
import { UsageError } from '../usage-error.ts';

/** `bitkiln worker`: one worker process for the service at DATABASE_URL (and REDIS_URL). */
export function workerCommand(): Command {
  return new Command('worker')
    .description('train trials for the service at DATABASE_URL; `bitkiln worker --help` lists its options')
    .argument('[options...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (args: string[]) => {
      if (process.env.DATABASE_URL === undefined && !args.includes('--help')) {
        throw new UsageError('worker needs DATABASE_URL, such as postgresql://user@host/bitkiln');
      }
      const module = inCheckout('apps/worker/src/main.ts');
      const worker = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), module, ...args], {
        stdio: 'inherit',
      });
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => worker.kill(signal));
      const [code] = (await once(worker, 'exit')) as [number | null];
      process.exitCode = code ?? 1;
    });
}
