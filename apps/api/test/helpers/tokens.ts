import { createToken, type Database, type TokenRole, tokenRoles } from '@bitkiln/lifecycle';

export const wrongToken = `bitkiln_${'A'.repeat(22)}_${'b'.repeat(43)}`;

/** A token of each role. */
export async function tokensOf(database: Database): Promise<Readonly<Record<TokenRole, string>>> {
  const made = await Promise.all(
    tokenRoles.map(async (role) => {
      const { token } = await createToken(database, { role, name: `the ${role} token`, expires: null });
      return [role, token] as const;
    }),
  );
  return Object.fromEntries(made) as Record<TokenRole, string>;
}

export function bearer(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` };
}
