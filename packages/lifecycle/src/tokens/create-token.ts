import type { Database } from '../database.ts';
import { newId } from '../ids.ts';
import type { TokenRole } from './role.ts';
import { hashSecret, newSecret, writeToken } from './token-text.ts';

export interface NewToken {
  readonly role: TokenRole;
  /** For people: who or what holds it. */
  readonly name: string;
  /** Seconds from now on, on the database's clock, or a time; null for a token that lasts until it is revoked. */
  readonly expires: { readonly inSeconds: number } | { readonly at: Date } | null;
}

export interface CreatedToken {
  readonly id: string;
  /** The whole token. It is not kept: this is the one time that it can be read. */
  readonly token: string;
  readonly expiresAt: Date | null;
}

export async function createToken(
  database: Database,
  { role, name, expires }: NewToken,
): Promise<CreatedToken> {
  const id = newId();
  const secret = newSecret();
  const inSeconds = expires !== null && 'inSeconds' in expires ? expires.inSeconds : null;
  const at = expires !== null && 'at' in expires ? expires.at : null;
  const inserted = await database.pool.query<{ expires_at: Date | null }>(
    `INSERT INTO tokens (id, name, role, secret_hash, expires_at)
     VALUES ($1, $2, $3, $4, coalesce($5::timestamptz, clock_timestamp() + make_interval(secs => $6)))
     RETURNING expires_at`,
    [id, name, role, hashSecret(secret), at, inSeconds],
  );
  return { id, token: writeToken({ id, secret }), expiresAt: inserted.rows[0]!.expires_at };
}
