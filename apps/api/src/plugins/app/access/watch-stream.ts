import { type Database, verifyToken } from '@bitkiln/lifecycle';
import type { FastifyReply } from 'fastify';

/**
 * Looks after the token of an event stream, which may last for days: once it has expired or was revoked, the
 * connection ends. While the database is away the stream goes on.
 */
export function endWithToken(
  database: Database,
  reply: FastifyReply,
  token: string,
  intervalMs: number,
): void {
  const timer = setInterval(() => {
    verifyToken(database, token).then(
      (holder) => {
        if (holder === null) reply.raw.destroy();
      },
      () => undefined,
    );
  }, intervalMs);
  reply.raw.once('close', () => clearInterval(timer));
}
