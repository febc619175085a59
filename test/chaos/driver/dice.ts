import { type Stream, substream, uniformAt } from '@bitkiln/core';

/** Draws in order from one named stream of a seed. */
export interface Dice {
  /** A number in [from, to). */
  between(from: number, to: number): number;
  /** A whole number in [0, count). */
  below(count: number): number;
  shuffled<T>(items: readonly T[]): T[];
}

/** @param words what the draws are for, such as (phase, purpose) */
export function createDice(seed: number, ...words: readonly number[]): Dice {
  const root: Stream = { key0: seed >>> 0, key1: Math.floor(seed / 2 ** 32) };
  const stream = substream(root, ...words);
  let drawn = 0;
  const uniform = () => uniformAt(stream, drawn++);
  const below = (count: number) => Math.floor(uniform() * count);
  return {
    between: (from, to) => from + (to - from) * uniform(),
    below,
    shuffled: (items) => {
      const left = [...items];
      return Array.from({ length: left.length }, () => left.splice(below(left.length), 1)[0]!);
    },
  };
}
