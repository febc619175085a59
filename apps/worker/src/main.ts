import { setFlagsFromString } from 'node:v8';
import { createLog } from './log.ts';
import { readSettings, UsageError, usage, type WorkerSettings } from './settings.ts';
import { runWorkerProcess } from './worker-process.ts';

/**
 * A signal that comes again later is an impatient user's. One that comes again at once is the same: a terminal sends
 * Ctrl-C to every process, and npm and the CLI pass it on besides.
 */
const echoMs = 500;

/** What handing back and closing may take once the grace period is over. */
const farewellMs = 5000;

// The kernels' speed is WebAssembly's own: the JavaScript around them, in every thread, may rather be small.
for (const flag of ['--max-semi-space-size=2', '--optimize-for-size']) setFlagsFromString(flag);

/** The worker process: exit code 0 after a drain, 2 on bad usage, 1 on failure. */
process.exit(await main());

async function main(): Promise<number> {
  try {
    const settings = readSettings(process.argv.slice(2), process.env);
    if (settings !== null) return await run(settings);
    console.log(usage);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`error: ${error.message}`);
    return 2;
  }
}

async function run(settings: WorkerSettings): Promise<number> {
  const log = createLog(settings.logLevel);
  const { trainer, graceMs } = settings;
  // CUDA reads the variable as TensorFlow loads; a thread could set only a copy of it.
  if (trainer.device !== undefined) process.env.CUDA_VISIBLE_DEVICES = String(trainer.device);
  const draining = new AbortController();
  const now = new AbortController();
  let asked = 0;
  const stop = (cause: string) => {
    if (draining.signal.aborted) {
      if (Date.now() - asked > echoMs) now.abort();
      return;
    }
    asked = Date.now();
    log.info({ cause, graceMs }, 'draining');
    draining.abort();
    setTimeout(() => now.abort(), graceMs).unref();
    setTimeout(() => {
      log.error('something would not end: leaving without it');
      process.exit(1);
    }, graceMs + farewellMs).unref();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // A process that was started as part of a service ends with it, however the service ended.
  process.on('disconnect', () => stop('the parent process is gone'));
  try {
    await runWorkerProcess(settings, { draining: draining.signal, now: now.signal }, log);
    log.info('drained');
    return 0;
  } catch (error) {
    if (draining.signal.aborted) return 0;
    log.fatal({ err: error }, 'the worker ends');
    console.error(`error: ${(error as Error).message}`);
    return 1;
  }
}
