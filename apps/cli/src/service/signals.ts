/** Resolves at the first SIGINT or SIGTERM; from then on they no longer end the process by themselves. */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });
}
