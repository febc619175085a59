import type { Database } from '../database.ts';
import type { TokenRole } from './role.ts';

export interface TokenRecord {
  readonly id: string;
  readonly name: string;
  readonly role: TokenRole;
  readonly state: 'valid' | 'expired' | 'revoked';
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** To the minute. */
  readonly lastUsedAt: Date | null;
}

/** Every token ever made, oldest first; nothing in it opens anything. */
export async function listTokens(database: Database): Promise<readonly TokenRecord[]> {
  const found = await database.pool.query<TokenRecord>(
    `SELECT id, name, role, created_at AS "createdAt", expires_at AS "expiresAt", revoked_at AS "revokedAt",
            last_used_at AS "lastUsedAt",
            CASE WHEN revoked_at IS NOT NULL THEN 'revoked'
                 WHEN expires_at <= clock_timestamp() THEN 'expired' ELSE 'valid' END AS state
       FROM tokens ORDER BY id`,
  );
  return found.rows;
}

/** Whether anybody could present a valid token. */
export async function hasValidToken(database: Database): Promise<boolean> {
  const found = await database.pool.query(
    `SELECT 1 FROM tokens
      WHERE revoked_at IS NULL AND coalesce(expires_at > clock_timestamp(), true) LIMIT 1`,
  );
  return found.rowCount === 1;
}
