export { type CreatedToken, createToken, type NewToken } from './create-token.ts';
export { hasValidToken, listTokens, type TokenRecord } from './list-tokens.ts';
export { isLoopback, NoTokenError, refuseOpenNetwork } from './open-to-network.ts';
export { revokeToken } from './revoke-token.ts';
export { mayActAs, type TokenRole, tokenRoles } from './role.ts';
export { readToken } from './token-text.ts';
export { type TokenHolder, verifyToken } from './verify-token.ts';
