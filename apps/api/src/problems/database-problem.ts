import { Problem } from './problem.ts';

/**
 * Codes under which Postgres or the way to it is away for a while: connections refused or cut, too many of them,
 * a server that starts or stops, a full disk, a pool with none free (P1xxx and P2024 are Prisma's).
 */
const unavailableCodes: ReadonlySet<string> = new Set([
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
  '53000',
  '53100',
  '53200',
  '53300',
  '57P01',
  '57P02',
  '57P03',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2037',
]);

/** A 503 where the error, or one beneath it, says that Postgres can't be reached now; else null. */
export function databaseProblem(error: unknown): Problem | null {
  if (!isUnavailable(error, 0)) return null;
  return new Problem({
    kind: 'unavailable',
    status: 503,
    title: 'The database can not be reached',
    detail: 'the database can not be reached now; try again in a moment',
  });
}

function isUnavailable(error: unknown, depth: number): boolean {
  if (typeof error !== 'object' || error === null || depth > 5) return false;
  const { code, cause, originalCode, meta } = error as Record<string, unknown>;
  if (unavailableCodes.has(String(code)) || unavailableCodes.has(String(originalCode))) return true;
  const errors = error instanceof AggregateError ? error.errors : [];
  const beneath = [
    cause,
    ...(typeof meta === 'object' && meta !== null ? Object.values(meta) : []),
    ...errors,
  ];
  return beneath.some((inner) => isUnavailable(inner, depth + 1));
}
