import { createLog } from '../../apps/worker/src/log.ts';
import { readSettings } from '../../apps/worker/src/settings.ts';
import { runWorkerProcess } from '../../apps/worker/src/worker-process.ts';

/** A worker process whose threads train nothing; all else is the worker's own code. */
const settings = readSettings(process.argv.slice(2), process.env)!;
const draining = new AbortController();
process.on('SIGTERM', () => draining.abort());
const stopping = { draining: draining.signal, now: new AbortController().signal };
const module = new URL('./noop-thread.ts', import.meta.url);
await runWorkerProcess(settings, stopping, createLog(settings.logLevel), { module });
process.exit(0);
