import type { StageName } from '../protocol/protocol.ts';

/**
 * A counter-based random stream: a 64-bit key. Draw i is a pure function of (key, i), so draws can be made in
 * any order, in SIMD lanes, or again after a resume.
 */
export interface Stream {
  /** Low and high key word, both unsigned 32-bit. */
  readonly key0: number;
  readonly key1: number;
}

const MULTIPLIER_A = 0x2c1b3c6d;
const MULTIPLIER_B = 0x297a2d39;
const MULTIPLIER_C = 0x85ebca6b;

/**
 * Multipliers and shifts of `bitsAt`, for implementations of the same function elsewhere (SIMD lanes):
 * `x = (i ^ key0) mix (16, A) (15, B); x += key1; x mix (13, C), (16)` with `mix(s, m): x ^= x >>> s; x *= m`.
 */
export const streamConstants = { a: MULTIPLIER_A, b: MULTIPLIER_B, c: MULTIPLIER_C } as const;

/** A bijection of 32-bit words with full avalanche. */
function scramble(word: number): number {
  let x = word ^ (word >>> 16);
  x = Math.imul(x, MULTIPLIER_A);
  x ^= x >>> 15;
  x = Math.imul(x, MULTIPLIER_B);
  return x ^ (x >>> 16);
}

/** Mixes one word into a key; for a given word a bijection of keys, so distinct keys stay distinct. */
function absorb(stream: Stream, word: number): Stream {
  const left = stream.key0 ^ scramble((stream.key1 + word + 0x9e3779b9) | 0);
  const right = stream.key1 ^ scramble((left + 0x7f4a7c15) | 0);
  return { key0: (left ^ scramble((right ^ word) | 0)) >>> 0, key1: right >>> 0 };
}

/** A stream of its own for every tuple of words under `stream`, such as (step, op). Words count modulo 2^32. */
export function substream(stream: Stream, ...words: readonly number[]): Stream {
  let key = absorb(stream, words.length);
  for (const word of words) key = absorb(key, word | 0);
  return key;
}

/**
 * The named stream of one purpose in one trial. For a given stage, trial and purpose all seeds up to 2^53 - 1
 * give distinct keys. Throws a RangeError where the seed is not an integer in [0, 2^53) or the trial is not one
 * in [0, 2^32).
 */
export function deriveStream(
  experimentSeed: number,
  stage: StageName,
  trial: number,
  purpose: string,
): Stream {
  if (!Number.isSafeInteger(experimentSeed) || experimentSeed < 0) {
    throw new RangeError(`experimentSeed is ${experimentSeed}; expected an integer from 0 to 2^53 - 1`);
  }
  if (!Number.isInteger(trial) || trial < 0 || trial >= 2 ** 32) {
    throw new RangeError(`trial is ${trial}; expected an integer from 0 to 2^32 - 1`);
  }
  const seed: Stream = { key0: experimentSeed >>> 0, key1: Math.floor(experimentSeed / 2 ** 32) };
  const name = `${stage}/${purpose}`;
  return substream(seed, trial, ...Array.from({ length: name.length }, (_, i) => name.charCodeAt(i)));
}

/** Draw `counter` (an integer modulo 2^32) of a stream: 32 uniform bits as an unsigned integer. */
export function bitsAt(stream: Stream, counter: number): number {
  let x = (counter ^ stream.key0) | 0;
  x = Math.imul(x ^ (x >>> 16), MULTIPLIER_A);
  x = Math.imul(x ^ (x >>> 15), MULTIPLIER_B);
  x = (x + stream.key1) | 0;
  x = Math.imul(x ^ (x >>> 13), MULTIPLIER_C);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Draw `counter` as a multiple of 2^-24 in [0, 1): exact in single precision. */
export function uniformAt(stream: Stream, counter: number): number {
  return (bitsAt(stream, counter) >>> 8) * 2 ** -24;
}
