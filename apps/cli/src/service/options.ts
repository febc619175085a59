import type { Command } from 'commander';
import { wholeNumber } from '../options.ts';

export interface ServiceOptions {
  readonly host: string;
  readonly port: number;
  readonly workers?: number;
}

/** Adds the options of commands that bring the service up. */
export function serviceOptions(command: Command): Command {
  return command
    .option('--host <address>', 'where the API listens', process.env.HOST ?? '127.0.0.1')
    .option(
      '--port <port>',
      'the first port to try for the API',
      wholeNumber(1, 65_535),
      Number(process.env.PORT ?? 3000),
    )
    .option('--workers <count>', 'worker processes; one a core where left out', wholeNumber(1, 1024));
}
