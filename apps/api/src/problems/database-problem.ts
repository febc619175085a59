import { isTransientError } from '@bitkiln/lifecycle';
import { Problem } from './problem.ts';

/** Prisma's own codes for a database that can't be reached, or has no connection to give. */
const prismaCodes: ReadonlySet<unknown> = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2037']);

/** A 503 where the error, or one beneath it, is one that goes by itself; else null. */
export function databaseProblem(error: unknown): Problem | null {
  if (!isUnavailable(error)) return null;
  return new Problem({
    kind: 'unavailable',
    status: 503,
    title: 'The database can not be reached',
    detail: 'the database can not be reached now; try again in a moment',
  });
}

function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, cause, meta } = error as { code?: unknown; cause?: unknown; meta?: Record<string, unknown> };
  if (prismaCodes.has(code) || isTransientError(error)) return true;
  return isUnavailable(cause) || isUnavailable(meta?.driverAdapterError);
}
