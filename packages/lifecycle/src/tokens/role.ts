/** What a caller of the API may do; each role may all that those before it may. */
export const tokenRoles = ['read', 'submit', 'admin'] as const;

export type TokenRole = (typeof tokenRoles)[number];

export function mayActAs(held: TokenRole, needed: TokenRole): boolean {
  return tokenRoles.indexOf(held) >= tokenRoles.indexOf(needed);
}
