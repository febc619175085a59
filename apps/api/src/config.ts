import { z } from 'zod';

const environment = z.object({
  DATABASE_URL: z
    .string({ error: 'is missing, expected the URL of a Postgres database' })
    .regex(/^postgres(ql)?:\/\//, { error: 'is not a postgres:// URL' }),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, { error: 'is not a redis:// URL' })
    .optional(),
  HOST: z.string().default('127.0.0.1'),
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, { error: 'is not a port, expected 0 to 65535' })
    .transform(Number)
    .refine((port) => port <= 65_535, { error: 'is not a port, expected 0 to 65535' })
    .default(3000),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'is not a log level, expected trace, debug, info, warn, error, fatal or silent',
    })
    .default('info'),
  REQUIRE_TOKEN: z.enum(['yes', 'no'], { error: 'is neither yes nor no' }).default('no'),
  RATE_LIMIT: z
    .string()
    .regex(/^\d{1,9}$/, { error: 'is not a number of requests a minute, expected 0 (no limit) or more' })
    .transform(Number)
    .default(12_000),
});

export interface Config {
  readonly databaseUrl: string;
  /** Where it is left out, the queue is on the same Postgres. */
  readonly redisUrl: string | undefined;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly logLevel: string;
  /** Whether callers need a token even where the service listens on loopback alone. */
  readonly requireToken: boolean;
  /** Of a token, and of an address without one; 0 for no limit. */
  readonly requestsPerMinute: number;
}

/**
 * Reads the environment; an empty variable counts as left out.
 * @throws Error naming the variable. Its value is not repeated: it may hold a password.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = environment.safeParse(given);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new Error(`${issue?.path.join('.')} ${issue?.message}`);
  }
  const { data } = result;
  return {
    databaseUrl: data.DATABASE_URL,
    redisUrl: data.REDIS_URL,
    host: data.HOST,
    port: data.PORT,
    logLevel: data.LOG_LEVEL,
    requireToken: data.REQUIRE_TOKEN === 'yes',
    requestsPerMinute: data.RATE_LIMIT,
  };
}
