/**
 * Waits for work at most so long; what it does later is left to itself.
 *
 * @throws Error with the code ETIMEDOUT, which counts as transient.
 */
export async function withTimeout<T>(work: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`${what} has not answered for ${timeoutMs / 1000} s`);
      reject(Object.assign(error, { code: 'ETIMEDOUT' }));
    }, timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
