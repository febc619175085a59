import { type Logger, pino } from 'pino';

/** Structured lines on standard output, written at once, so that none is lost to an exit. */
export function createLog(level: string): Logger {
  return pino({ name: 'worker', level }, pino.destination({ dest: 1, sync: true }));
}
