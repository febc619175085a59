import { Command } from 'commander';
import { type ServiceOptions, serviceOptions } from '../service/options.ts';
import { untilSignal } from '../service/signals.ts';

/** `bitkiln up`: the whole service on this host, until Ctrl-C. */
export function upCommand(): Command {
  return serviceOptions(new Command('up'))
    .description('start database, API and workers on this host, and stay up until Ctrl-C')
    .action(async (options: ServiceOptions) => {
      const stopSignal = untilSignal();
      const { startService } = await import('../service/service.ts');
      const service = await startService({ ...options, say: (line) => console.error(line) });
      try {
        console.error('up; Ctrl-C stops it');
        await stopSignal;
      } finally {
        console.error('stopping');
        await service.stop();
      }
    });
}
