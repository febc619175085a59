import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** Asks for an experiment of `trials` trials over the three stages, one epoch each. */
export async function submit(
  apiUrl: string,
  trials: number,
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const stage = (count: number) => ({ trials: count, epochs: 1 });
  const last = Math.max(1, Math.floor(trials / 3));
  const body = {
    network: 'A(2,4) C(5,3x3) C(8,3x3) C(11,3x3) M(2) D(0.1) S(10)',
    protocol: {
      preset: 'quick',
      float: stage(Math.max(1, trials - 2 * last)),
      movingScales: stage(last),
      frozenScales: stage(last),
    },
    ...more,
  };
  const response = await post(apiUrl, JSON.stringify(body));
  const text = await response.text();
  if (!response.ok) throw new Error(`POST /experiments: ${response.status} ${text}`);
  return (JSON.parse(text) as { id: string }).id;
}

/** How often the API has answered "later" (503), by its address. */
export const refusals = new Map<string, number>();

/** Asks again where the API says that it is too busy, as its clients do. */
async function post(apiUrl: string, body: string): Promise<Response> {
  const url = new URL('/experiments', apiUrl);
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
  for (;;) {
    const response = await fetch(url, { method: 'POST', headers, body });
    if (response.status !== 503) return response;
    refusals.set(apiUrl, (refusals.get(apiUrl) ?? 0) + 1);
    await response.arrayBuffer();
    await sleep(500);
  }
}
