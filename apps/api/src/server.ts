import { readConfig } from './config.ts';
import { type Service, startService } from './service.ts';

/** Longest time to finish requests in hand: container runtimes kill after ten seconds. */
const graceMs = 8000;

try {
  const service = await startService(readConfig(process.env));
  console.log(`bitkiln API ready at ${service.url}, documented at ${service.url}/docs`);
  stopOnSignal(service);
} catch (error) {
  console.error(`bitkiln API can't start: ${(error as Error).message}`);
  process.exit(1);
}

function stopOnSignal(service: Service): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    // A second signal is an impatient user's.
    if (stopping) process.exit(1);
    stopping = true;
    console.log(`bitkiln API stops on ${signal}`);
    setTimeout(() => process.exit(1), graceMs).unref();
    service.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // Where a parent process started this one, it ends with it, even if the parent was killed.
  process.once('disconnect', () => stop('SIGTERM'));
}
