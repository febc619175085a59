import { parseArgs } from 'node:util';
import { runChaos } from './driver/run-chaos.ts';
import type { QueueKind } from './driver/schedule.ts';

const usage = `npm run chaos -- [--minutes N] [--seed S] [--rate FAULTS-A-MINUTE] [--queue both|postgres|redis]
                 [--workers COUNT] [--keep] [--json]

Runs the whole service under faults and checks afterwards that nothing was lost. Exit code 1 if anything was.
With --json the last line is the report.`;

const queuesOf: Readonly<Record<string, readonly QueueKind[]>> = {
  both: ['postgres', 'redis'],
  postgres: ['postgres'],
  redis: ['redis'],
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '4' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      rate: { type: 'string', default: '24' },
      queue: { type: 'string', default: 'both' },
      workers: { type: 'string', default: '3' },
      keep: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const number = (name: 'minutes' | 'seed' | 'rate' | 'workers', least: number, whole: boolean) => {
    const value = Number(values[name]);
    if (Number.isFinite(value) && value >= least && (!whole || Number.isSafeInteger(value))) return value;
    throw new Error(
      `--${name} is ${values[name]}; expected a ${whole ? 'whole ' : ''}number from ${least}\n\n${usage}`,
    );
  };
  const queues = queuesOf[values.queue];
  if (queues === undefined) throw new Error(`--queue is ${values.queue}; expected both, postgres or redis`);
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const say = (line: string) => console.error(line);
  const seed = number('seed', 0, true);
  console.log(`seed ${seed}`);
  const { problems, ...report } = await runChaos({
    minutes: number('minutes', 0.1, false),
    seed,
    perMinute: number('rate', 1, false),
    queues,
    workers: number('workers', 1, true),
    bodies: 4,
    settleMs: 180_000,
    keep: values.keep,
    say,
  });
  for (const problem of problems) console.log(problem);
  console.log(values.json ? JSON.stringify(report) : report);
  return problems.length === 0 ? 0 : 1;
}
