import { timingSafeEqual } from 'node:crypto';
import type { Database } from '../database.ts';
import type { TokenRole } from './role.ts';
import { hashSecret, readToken } from './token-text.ts';

/** What a valid token says of its bearer. */
export interface TokenHolder {
  readonly id: string;
  readonly name: string;
  readonly role: TokenRole;
  readonly expiresAt: Date | null;
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly role: TokenRole;
  readonly secret_hash: Buffer;
  readonly expires_at: Date | null;
  readonly usable: boolean;
  readonly used_lately: boolean;
}

/** Compared with where there is no such token, so that the answer takes no other time. */
const nobodysHash = Buffer.alloc(32);

/**
 * The holder of a token, or null where there is no such token, or it has expired or was revoked. The row is found
 * by the token's public id; the hashes are compared in constant time. Notes the use, once a minute.
 */
export async function verifyToken(database: Database, text: string): Promise<TokenHolder | null> {
  const parts = readToken(text);
  if (parts === null) return null;
  const found = await database.pool.query<Row>(
    `SELECT id, name, role, secret_hash, expires_at,
            revoked_at IS NULL AND coalesce(expires_at > clock_timestamp(), true) AS usable,
            coalesce(last_used_at > clock_timestamp() - interval '1 minute', false) AS used_lately
       FROM tokens WHERE id = $1`,
    [parts.id],
  );
  const row = found.rows[0];
  const same = timingSafeEqual(row?.secret_hash ?? nobodysHash, hashSecret(parts.secret));
  if (row === undefined || !same || !row.usable) return null;
  if (!row.used_lately) {
    await database.pool.query('UPDATE tokens SET last_used_at = clock_timestamp() WHERE id = $1', [row.id]);
  }
  return { id: row.id, name: row.name, role: row.role, expiresAt: row.expires_at };
}
