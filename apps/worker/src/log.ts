import { hideSecrets } from '@bitkiln/lifecycle';
import { type Logger, pino } from 'pino';

/** Structured lines on standard output, rid of secrets, and written at once, so that none is lost to an exit. */
export function createLog(level: string): Logger {
  return pino(
    { name: 'worker', level, hooks: { streamWrite: hideSecrets } },
    pino.destination({ dest: 1, sync: true }),
  );
}
