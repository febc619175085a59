import { createHash, randomBytes } from 'node:crypto';

/**
 * A token's text: `bitkiln_`, the 22 base64url digits of its id, `_`, the 43 of its secret. The id finds the row,
 * the secret proves the right to it. The fixed form lets logs and scanners recognize a token.
 */
const form = /^bitkiln_([\w-]{22})_([\w-]{43})$/;

export interface TokenParts {
  /** UUID. */
  readonly id: string;
  readonly secret: string;
}

export function writeToken({ id, secret }: TokenParts): string {
  return `bitkiln_${Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url')}_${secret}`;
}

/** Null where the text is not of a token's form. */
export function readToken(text: string): TokenParts | null {
  const [, id, secret] = form.exec(text) ?? [];
  if (id === undefined || secret === undefined) return null;
  const hex = Buffer.from(id, 'base64url').toString('hex');
  const parts = { id: hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'), secret };
  // 22 digits hold four bits more than an id: of the spellings of one, the written one alone counts.
  return writeToken(parts) === text ? parts : null;
}

/** 256 random bits. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * SHA-256 of a secret's text. No slow password hash is called for: 256 random bits can't be guessed, whatever one
 * guess costs.
 */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
