import { NetworkError } from '../../src/index.ts';

/** The NetworkError that `run` throws; anything else, or nothing, fails the test. */
export function networkErrorOf(run: () => unknown): NetworkError {
  try {
    run();
  } catch (error) {
    if (error instanceof NetworkError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
