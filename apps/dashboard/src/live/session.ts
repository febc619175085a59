import { signal } from '@preact/signals';
import { type ApiError, get, onUnauthorized, post, request, toApiError } from '../api/client.ts';
import { connection, startLive } from './service.ts';

export type Role = 'read' | 'submit' | 'admin';

/** Who the caller is, and what it may do; no role: the service wants a token first. */
export interface Session {
  readonly tokenRequired: boolean;
  readonly role: Role | null;
  readonly name: string | null;
}

export const session = signal<Session | null>(null);
export const sessionError = signal<ApiError | null>(null);

/** Each may do what those before it may. */
const roles: readonly Role[] = ['read', 'submit', 'admin'];

let stopLive = () => {};

// A token may be revoked or expire while the page is open.
onUnauthorized(() => {
  if (session.value?.role !== null) void readSession();
});

/** Asks who the caller is, and follows the service where it may. */
export async function readSession(): Promise<void> {
  try {
    take(await get<Session>('/session'));
  } catch (reason) {
    sessionError.value = toApiError(reason);
  }
}

/** @throws ApiError where the token is not valid */
export async function signIn(token: string): Promise<void> {
  take(await post<Session>('/session', { token }));
}

/** Where the service does not answer nothing changes: the page says already that it can't be reached. */
export async function signOut(): Promise<void> {
  await request('/session', { method: 'DELETE' }).then(readSession, () => undefined);
}

/** Whether the caller may do what this role may. */
export function mayActAs(needed: Role): boolean {
  const role = session.value?.role ?? null;
  return role !== null && roles.indexOf(role) >= roles.indexOf(needed);
}

/** What the caller's role is not enough for, in words; null where it is enough. */
export function refusalFor(needed: Role): string | null {
  if (mayActAs(needed)) return null;
  return `Your token’s role is ${session.value?.role ?? 'none'}; this takes ${needed}${needed === 'admin' ? '' : ' or admin'}.`;
}

function take(found: Session): void {
  sessionError.value = null;
  stopLive();
  stopLive = () => {};
  connection.value = 'connecting';
  session.value = found;
  if (found.role !== null) stopLive = startLive(readSession);
}
