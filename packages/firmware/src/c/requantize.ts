import type { IntegerValues, Requantization } from '@bitkiln/core';
import { constant } from './integers.ts';

export interface SumRange {
  readonly lowest: number;
  readonly highest: number;
}

/** Statements that turn `sum`, an integer in a range, into the level of a quantizer, and return it as `type`. */
export function returnLevel(
  sum: SumRange,
  { rightShift, rounding, lowest, highest }: Requantization,
  width: 16 | 32,
  type: string,
): string {
  if (rightShift < 0) {
    const left = -rightShift;
    const wide = highest > 32767 ? '(int32_t)sum' : 'sum';
    return `if (sum > ${constant(highest >> left)}) return ${constant(highest)};
if (sum < ${constant(-(-lowest >> left))}) return ${constant(lowest)};
return (${type})(${wide} * ${constant(2 ** left)});`;
  }
  return rounded(sum, rightShift, rounding, width) + returnClipped(sum, { lowest, highest }, width, type);
}

/** Statements that return `sum`, clipped where it can leave the range `to`. */
export function returnClipped(sum: SumRange, to: SumRange, width: 16 | 32, type: string): string {
  const above = sum.highest > to.highest && to.highest < 2 ** (width - 1) - 1;
  const below = sum.lowest < to.lowest && to.lowest > -(2 ** (width - 1));
  return `${above ? `if (sum > ${constant(to.highest)}) return ${constant(to.highest)};\n` : ''}${
    below ? `if (sum < ${constant(to.lowest)}) return ${constant(to.lowest)};\n` : ''
  }return (${type})sum;`;
}

function rounded(sum: SumRange, shift: number, rounding: 'half-even' | 'floor', width: 16 | 32): string {
  const type = `int${width}_t`;
  if (rounding === 'floor') return `sum = (${type})(sum >> ${Math.min(shift, width - 1)});\n`;
  if (shift === 0) return '';
  if (shift >= width) return 'sum = 0;\n';
  const half = 2 ** (shift - 1);
  if (sum.highest + half < 2 ** (width - 1)) {
    return `/* To the nearest, a tie to the even level. */
sum = (${type})((sum + ${constant(half - 1)} + ((sum >> ${shift}) & 1)) >> ${shift});\n`;
  }
  return `/* To the nearest, a tie to the even level. */
${type} rest = (${type})(sum & ${constant(2 * half - 1)});
sum = (${type})(sum >> ${shift});
if (rest > ${constant(half)} || (rest == ${constant(half)} && (sum & 1))) sum++;\n`;
}

/** The range of the levels that stand for an activation's integers. */
export function levelRangeOf({ lowest, highest, midRise }: IntegerValues): SumRange {
  return midRise ? { lowest: (lowest - 1) / 2, highest: (highest - 1) / 2 } : { lowest, highest };
}
