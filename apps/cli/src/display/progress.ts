import type { Follower } from '../client/follow.ts';
import { trialBars } from './bars.ts';
import { plainLines } from './plain-lines.ts';

/** Bars on a terminal, plain lines elsewhere; always on standard error, which leaves standard output to results. */
export function openProgress(): Follower & { stop(): void } {
  if (process.stderr.isTTY) return trialBars(process.stderr);
  return { ...plainLines((line) => console.error(line)), stop: () => undefined };
}
