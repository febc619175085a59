import type { Database } from '../database.ts';
import { NotFoundError } from '../errors.ts';

/**
 * Ends a token for good; its row stays, for the record. A repeated call changes nothing.
 *
 * @throws NotFoundError
 */
export async function revokeToken(
  database: Database,
  id: string,
): Promise<{ readonly revoked: boolean; readonly revokedAt: Date }> {
  const updated = await database.pool.query<{ revoked_at: Date }>(
    `UPDATE tokens SET revoked_at = clock_timestamp() WHERE id = $1 AND revoked_at IS NULL RETURNING revoked_at`,
    [id],
  );
  if (updated.rows[0] !== undefined) return { revoked: true, revokedAt: updated.rows[0].revoked_at };
  const found = await database.pool.query<{ revoked_at: Date }>(
    'SELECT revoked_at FROM tokens WHERE id = $1',
    [id],
  );
  if (found.rows[0] === undefined) throw new NotFoundError('token', id);
  return { revoked: false, revokedAt: found.rows[0].revoked_at };
}
