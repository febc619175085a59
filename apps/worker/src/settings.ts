import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { type TrainerSpec, tensorBackends, trainerNames } from '@bitkiln/trainer';
import { z } from 'zod';
import type { DataApi } from './images/read-images.ts';

export interface WorkerSettings {
  readonly databaseUrl: string;
  /** Where it is left out, the queue is on the same Postgres. */
  readonly redisUrl: string | undefined;
  /** The API that has the data sets which this host lacks; null where it must have them all. */
  readonly dataApi: DataApi | null;
  readonly trainer: TrainerSpec;
  /** Trials trained at once, each on a thread of its own. */
  readonly threads: number;
  /** What the service calls this host. */
  readonly name: string;
  /** How long a drain waits for the epochs in hand. */
  readonly graceMs: number;
  readonly logLevel: string;
}

/** Bad usage: a flag or a variable is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** The flag of each variable. */
const flags = {
  DATABASE_URL: 'database-url',
  REDIS_URL: 'redis-url',
  BITKILN_API_URL: 'api-url',
  BITKILN_TRAINER: 'trainer',
  BITKILN_BACKEND: 'backend',
  BITKILN_DEVICE: 'device',
  BITKILN_RELAXED: 'relaxed',
  BITKILN_THREADS: 'threads',
  BITKILN_WORKER_NAME: 'name',
  BITKILN_GRACE: 'grace',
  LOG_LEVEL: 'log-level',
} as const;
type Variable = keyof typeof flags;

/** What `--help` prints. */
export const usage = `bitkiln worker trains trials for a service until SIGTERM or SIGINT drains it.

  --database-url URL   the service's Postgres (DATABASE_URL)
  --redis-url URL      its queue, where that is on Redis (REDIS_URL)
  --api-url URL        the service's API, for data sets that this host lacks (BITKILN_API_URL); its token, where
                       it asks for one, stands in BITKILN_API_TOKEN alone
  --trainer NAME       what trains: ${trainerNames.join(', ')}; default kiln, with --backend tensor (BITKILN_TRAINER)
  --backend NAME       what tensor runs on: ${tensorBackends.join(', ')}; default wasm (BITKILN_BACKEND)
  --device INDEX       the GPU of backend node-gpu, as CUDA counts them (BITKILN_DEVICE)
  --relaxed yes|no     relaxed SIMD for kiln, with other bytes on other hosts; default no (BITKILN_RELAXED)
  --threads COUNT      trials trained at once, each on a thread of its own; default 1 (BITKILN_THREADS)
  --name NAME          what the service calls this host; default its hostname (BITKILN_WORKER_NAME)
  --grace SECONDS      how long a drain waits for the epochs in hand; default 8 (BITKILN_GRACE)
  --log-level LEVEL    ${logLevels.join(', ')}; default info (LOG_LEVEL)
`;

/** Every message says what was expected. */
const wholeNumber = (least: number, most: number) => {
  const error = `a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, { error })
    .transform(Number)
    .refine((value) => value >= least && value <= most, { error });
};
const oneOf = <const T extends readonly string[]>(values: T) =>
  z.enum(values, { error: `one of ${values.join(', ')}` });
const url = (scheme: RegExp, example: string) => {
  const error = `a URL such as ${example}`;
  return z.string({ error }).regex(scheme, { error });
};

const variables = z.object({
  DATABASE_URL: url(/^postgres(ql)?:\/\//, 'postgresql://user:password@host:5432/bitkiln'),
  REDIS_URL: url(/^rediss?:\/\//, 'redis://host:6379').optional(),
  BITKILN_API_URL: url(/^https?:\/\//, 'http://host:3000').optional(),
  BITKILN_TRAINER: oneOf(trainerNames).optional(),
  BITKILN_BACKEND: oneOf(tensorBackends).optional(),
  BITKILN_DEVICE: wholeNumber(0, 255).optional(),
  BITKILN_RELAXED: oneOf(['yes', 'no']).default('no'),
  BITKILN_THREADS: wholeNumber(1, 256).default(1),
  BITKILN_WORKER_NAME: z.string().max(255, { error: 'at most 255 characters' }).default(hostname()),
  BITKILN_GRACE: wholeNumber(0, 86_400).default(8),
  LOG_LEVEL: oneOf(logLevels).default('info'),
});
type Values = z.output<typeof variables>;

/**
 * Reads flags, and the environment where a flag is left out; an empty variable counts as left out. Null for
 * `--help`.
 * @param argv the arguments alone
 * @throws UsageError naming the flag, its value (a URL's not: it may hold a password) and what was expected
 */
export function readSettings(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): WorkerSettings | null {
  const given = parseFlags(argv);
  if (given.help === true) return null;
  const texts = Object.entries(flags).map(([variable, flag]) => [variable, given[flag] ?? env[variable]]);
  const values = Object.fromEntries(texts.filter(([, text]) => text !== undefined && text !== ''));
  const result = variables.safeParse(values);
  if (!result.success) {
    const { path, message } = result.error.issues[0]!;
    const variable = path[0] as Variable;
    throw wrongValue(variable, values[variable], message);
  }
  const { data } = result;
  return {
    databaseUrl: data.DATABASE_URL,
    redisUrl: data.REDIS_URL,
    dataApi:
      data.BITKILN_API_URL === undefined
        ? null
        : { url: data.BITKILN_API_URL, token: env.BITKILN_API_TOKEN || null },
    trainer: trainerSpec(data),
    threads: data.BITKILN_THREADS,
    name: data.BITKILN_WORKER_NAME,
    graceMs: data.BITKILN_GRACE * 1000,
    logLevel: data.LOG_LEVEL,
  };
}

function trainerSpec(values: Values): TrainerSpec {
  const { BITKILN_BACKEND: backend, BITKILN_DEVICE: device } = values;
  const trainer = values.BITKILN_TRAINER ?? (backend === undefined ? 'kiln' : 'tensor');
  const relaxed = values.BITKILN_RELAXED === 'yes';
  if (backend !== undefined && trainer !== 'tensor') {
    throw wrongValue('BITKILN_BACKEND', backend, `none with trainer ${trainer}: trainer tensor has backends`);
  }
  if (relaxed && trainer !== 'kiln') {
    throw wrongValue('BITKILN_RELAXED', 'yes', `no with trainer ${trainer}: trainer kiln has relaxed SIMD`);
  }
  if (device !== undefined && backend !== 'node-gpu') {
    throw wrongValue('BITKILN_DEVICE', device, 'none without --backend node-gpu: no other has devices');
  }
  if (backend === 'node-gpu' && values.BITKILN_THREADS > 1) {
    throw wrongValue('BITKILN_THREADS', values.BITKILN_THREADS, '1 with backend node-gpu: one worker a GPU');
  }
  return {
    trainer,
    ...(backend === undefined ? {} : { backend }),
    ...(device === undefined ? {} : { device }),
    ...(relaxed ? { relaxed } : {}),
  };
}

function parseFlags(argv: readonly string[]): Readonly<Record<string, string | boolean | undefined>> {
  const options = Object.fromEntries(Object.values(flags).map((flag) => [flag, { type: 'string' as const }]));
  try {
    return parseArgs({ args: [...argv], options: { ...options, help: { type: 'boolean' } } }).values;
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function wrongValue(variable: Variable, value: unknown, expected: string): UsageError {
  const shown = variable.endsWith('_URL') ? 'no such' : JSON.stringify(value);
  const what = value === undefined ? 'missing' : shown;
  return new UsageError(`--${flags[variable]} (${variable}) is ${what}; expected ${expected}`);
}
