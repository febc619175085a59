import type { IntegerWeightedOp } from '@bitkiln/core';
import { constant, typeOf, widthFor } from './integers.ts';
import { levelRangeOf, returnClipped, returnLevel } from './requantize.ts';
import type { CUnit } from './unit.ts';
import { biasType } from './weights.ts';

/** How an op's sums are held and finished in C. */
export interface Sums {
  /** Type of the sums of products: unsigned where weights are read as their value + 8, which wraps around. */
  readonly type: string;
  /** Type of an input. */
  readonly input: string;
  /** The level (or the logit) made from products and channel (and the skipped input). */
  level(products: string, channel: string, skipped?: string): string;
}

/** Whether an op's weights are read four bits at a time with 8 added. */
export function readsShifted(op: IntegerWeightedOp): boolean {
  return op.weightBits === 4 && op.kind !== 'depthwise';
}

/** The greatest magnitude that a sum of an op's products reaches on the way. */
function productLimit({ kernel, output, inputValues }: IntegerWeightedOp): number {
  const limits = new Float64Array(output.channels);
  const input = Math.max(-inputValues.lowest, inputValues.highest);
  for (const [i, weight] of kernel.entries()) limits[i % output.channels]! += Math.abs(weight) * input;
  return Math.max(...limits);
}

/** @param logits whether the sums, clipped to 16 bits, are the result */
export function declareSums(unit: CUnit, op: IntegerWeightedOp, id: string, logits: boolean): Sums {
  const width = widthFor(0, productLimit(op));
  const finish = widthFor(op.lowestSum, op.highestSum);
  const name = `level${id}`;
  const skip = op.kind === 'convolution' ? op.skip : null;
  unit.declare(name, () => levelFunction(unit, op, { id, name, width: finish, logits }));
  return {
    type: readsShifted(op) ? `uint${width}_t` : `int${width}_t`,
    input: typeOf(op.inputValues),
    level(products, channel, skipped) {
      const value = finish < width ? `(int${finish}_t)(${products})` : products;
      return `${name}(${value}, ${channel}${skip === null ? '' : `, ${skipped}`})`;
    },
  };
}

interface LevelFunction {
  readonly id: string;
  readonly name: string;
  readonly width: 16 | 32;
  readonly logits: boolean;
}

function levelFunction(
  unit: CUnit,
  op: IntegerWeightedOp,
  { id, name, width, logits }: LevelFunction,
): string {
  const type = `int${width}_t`;
  const bias = unit.memory.read('weights', biasType(op.biasBits), `biases${id}`, 'channel');
  const skip = op.kind === 'convolution' ? op.skip : null;
  const parts = [
    scaled('products', op.accumulatorShift, type, width),
    scaled(bias, op.biasShift, type, width),
    ...(skip === null ? [] : [scaled('skipped', skip.shift, type, width)]),
  ].filter((part) => part !== null);
  const range = { lowest: op.relu ? 0 : op.lowestSum, highest: Math.max(0, op.highestSum) };
  const result = logits ? 'int16_t' : typeOf(levelRangeOf(op.outputValues));
  const skipped = skip === null ? '' : ', int32_t skipped';
  const unused = parts.some((part) => part.includes('products')) ? '' : '(void)products;\n';
  const unusedSkip =
    skip === null || parts.some((part) => part.includes('skipped')) ? '' : '(void)skipped;\n';
  return `
/* Products and bias in one unit${op.relu ? ', clamped at 0' : ''}, ${logits ? 'clipped to 16 bits' : `as ${op.outputValues.bits} bits`}. */
static inline ${result} ${name}(${type} products, ${unit.dim} channel${skipped})
{
${unused}${unusedSkip}${type} sum = (${type})(${parts.join(' + ') || '0'});
${op.relu ? 'if (sum < 0) sum = 0;\n' : ''}${logits ? returnClipped(range, { lowest: -32768, highest: 32767 }, width, result) : returnLevel(range, op.requantization, width, result)}
}
`;
}

/** A summand shifted left; null where it is so far that only zeros were allowed. */
function scaled(value: string, shift: number, type: string, width: number): string | null {
  if (shift >= width - 1) return null;
  return shift === 0 ? value : `(${type})${value} * ${constant(2 ** shift)}`;
}
