import { signal } from '@preact/signals';
import { type ApiError, get, post, request, toApiError } from '../api/client.ts';
import { connection, startLive } from './service.ts';

/** Who the caller is, and what it may do; no role: the service wants a token first. */
export interface Session {
  readonly tokenRequired: boolean;
  readonly role: 'read' | 'submit' | 'admin' | null;
  readonly name: string | null;
}

export const session = signal<Session | null>(null);
export const sessionError = signal<ApiError | null>(null);

let stopLive = () => {};

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

export async function signOut(): Promise<void> {
  await request('/session', { method: 'DELETE' });
  await readSession();
}

/** Whether the caller may start experiments and act on them. */
export function mayAct(): boolean {
  const role = session.value?.role;
  return role === 'submit' || role === 'admin';
}

function take(found: Session): void {
  sessionError.value = null;
  stopLive();
  stopLive = () => {};
  connection.value = 'connecting';
  session.value = found;
  if (found.role !== null) stopLive = startLive(readSession);
}
