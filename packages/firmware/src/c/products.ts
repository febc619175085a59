import type { IntegerConvolution, IntegerDepthwise } from '@bitkiln/core';
import type { Activations } from './activations.ts';
import { times, unsigned } from './integers.ts';
import { readsShifted, type Sums } from './sums.ts';
import type { CUnit } from './unit.ts';
import { addRun4, addTotal, readWeight } from './weights.ts';

export interface Taps {
  readonly id: string;
  readonly sums: Sums;
  readonly input: Activations;
  /** The place in its map of the pixel under the tap at `r` and `c` of the kernel. */
  readonly place: string;
  /** A condition under which the tap lies outside the map; null where none does. */
  readonly outside: string | null;
}

/** C that fills `sums` with the products of one output pixel. */
export function sumProducts(unit: CUnit, op: IntegerConvolution | IntegerDepthwise, taps: Taps): string {
  const { kernelRows, kernelCols, input, output } = op;
  const { dim, index } = unit;
  const { channels } = input;
  const shifted = readsShifted(op);
  const perPixel = op.kind === 'depthwise' ? output.channels : channels * output.channels;
  const skip =
    taps.outside === null
      ? ''
      : `if (${taps.outside}) {
weight = (${index})(weight + ${unsigned(perPixel)});
continue;
}
`;
  const total = shifted ? `\n${taps.sums.type} total = 0;` : '';
  const step = `(${index})(from + ${unsigned(taps.input.stride)})`;
  return `${taps.sums.type} sums[${output.channels}] = { 0 };${total}
${index} weight = 0;
for (${dim} r = 0; r < ${kernelRows}; r++) {
for (${dim} c = 0; c < ${kernelCols}; c++) {
${skip}${index} from = (${index})(${taps.input.at(`${taps.place}${times(channels)}`)});
for (${dim} channel = 0; channel < ${channels}; channel++, from = ${step}) {
${taps.sums.input} x = ${taps.input.load('from')};
${op.kind === 'depthwise' ? depthwiseTap(unit, op, taps) : convolutionTap(unit, op, taps)}
}
}
}`;
}

function convolutionTap(unit: CUnit, op: IntegerConvolution, { id, sums }: Taps): string {
  const { index, dim } = unit;
  const filters = op.output.channels;
  const next = `weight = (${index})(weight + ${unsigned(filters)});`;
  if (readsShifted(op)) {
    return `if (x != 0) {
${addTotal(sums.type, sums.input)}
${addRun4(unit, `weights${id}`, filters, { sum: sums.type, input: sums.input })}}
${next}`;
  }
  const read = readWeight(unit, op.weightBits, `weights${id}`, `(${index})(weight + f)`);
  return `if (x != 0) {
for (${dim} f = 0; f < ${filters}; f++) sums[f] = (${sums.type})(sums[f] + (${sums.type})x * ${read});
}
${next}`;
}

function depthwiseTap(unit: CUnit, op: IntegerDepthwise, { id, sums }: Taps): string {
  const { index, dim } = unit;
  const read = readWeight(unit, op.weightBits, `weights${id}`, 'weight');
  const to = `sums[channel * ${op.multiplier} + m]`;
  return `for (${dim} m = 0; m < ${op.multiplier}; m++, weight = (${index})(weight + 1)) {
${to} = (${sums.type})(${to} + (${sums.type})x * ${read});
}`;
}

/** The products of a channel, from `sums`. */
export function productsOf(op: IntegerConvolution | IntegerDepthwise, sums: Sums, channel: string): string {
  if (!readsShifted(op)) return `sums[${channel}]`;
  const signed = sums.type.slice(1);
  return `(${signed})(${sums.type})(sums[${channel}] - 8 * total)`;
}
