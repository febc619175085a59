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
  const response = await fetch(new URL('/experiments', apiUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (response.status !== 201) throw new Error(`POST /experiments: ${response.status} ${text}`);
  return (JSON.parse(text) as { id: string }).id;
}
