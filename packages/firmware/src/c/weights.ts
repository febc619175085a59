import type { IntegerWeightedOp } from '@bitkiln/core';
import { codeOf } from './integers.ts';
import { type CUnit, table } from './unit.ts';

/** Integers of a bit width as bytes, packed without gaps from the lowest bit on. */
export function packBits(values: ArrayLike<number>, bits: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((values.length * bits) / 8));
  const midRise = bits <= 2;
  for (let i = 0, at = 0; i < values.length; i++) {
    const code = codeOf(values[i]!, { bits, midRise });
    for (let bit = 0; bit < bits; bit++, at++) bytes[at >> 3]! |= ((code >> bit) & 1) << (at & 7);
  }
  return bytes;
}

/** Declares an op's weights in the order given, packed at their width, and its biases. */
export function declareWeights(
  unit: CUnit,
  { weightBits, bias, biasBits }: IntegerWeightedOp,
  id: string,
  kernel: ArrayLike<number>,
  order: string,
): void {
  unit.declare(`weights${id}`, () => {
    const packing =
      weightBits === 8
        ? 'of 8 bits'
        : weightBits === 4
          ? 'of 4 bits, two to a byte'
          : `packed at ${weightBits} bits`;
    const weights =
      weightBits === 8
        ? table(unit, 'weights', 'int8_t', `weights${id}`, kernel)
        : table(unit, 'weights', 'uint8_t', `weights${id}`, packBits(kernel, weightBits));
    const biases = table(unit, 'weights', biasType(biasBits), `biases${id}`, bias);
    return `
/* ${order}, ${packing}. */
${weights}
${biases}`;
  });
}

export function biasType(biasBits: number): string {
  return biasBits <= 8 ? 'int8_t' : 'int16_t';
}

/** The weight at an index, as a signed expression. */
export function readWeight(unit: CUnit, bits: number, array: string, index: string): string {
  if (bits === 8) return unit.memory.read('weights', 'int8_t', array, index);
  const name = `weight_${bits}`;
  unit.declare(name, () => weightFunction(unit, bits, name));
  return `${name}(${array}, ${index})`;
}

function weightFunction(unit: CUnit, bits: number, name: string): string {
  const { index, memory } = unit;
  const byte = (at: string): string => memory.read('weights', 'uint8_t', 'weights', at);
  const half = 2 ** (bits - 1);
  const level = `(code ^ ${half}) - ${half}`;
  const value = bits <= 2 ? `2 * (${level}) + 1` : level;
  const each = 8 / bits;
  const code = Number.isInteger(each)
    ? `int16_t code = (int16_t)((${byte(`at / ${each}`)} >> ((at % ${each}) * ${bits})) & ${2 ** bits - 1});`
    : `int16_t code = 0;
uint32_t from = (uint32_t)at * ${bits};
for (uint8_t bit = 0; bit < ${bits}; bit++, from++) {
code = (int16_t)(code | ((${byte('from >> 3')} >> (from & 7)) & 1) << bit);
}`;
  return `
static int8_t ${name}(const uint8_t *weights, ${index} at)
{
${code}
return (int8_t)(${value});
}
`;
}

/**
 * C that adds x times a run of `count` 4-bit weights to as many sums. It reads each weight as its value + 8, which
 * takes no sign extension; whoever uses the sums takes 8 times the total of all x away.
 */
export function addRun4(
  unit: CUnit,
  weights: string,
  count: number,
  { sum, input }: { readonly sum: string; readonly input: string },
): string {
  const x = input.startsWith('u') ? 'x' : `(${sum})x`;
  const pair = (at: string): string => `${unit.memory.read('weights', 'uint8_t', weights, at)} ^ 0x88`;
  const add = (to: string, weight: string): string => `${to} = (${sum})(${to} + ${x} * (${weight}));`;
  const pairs = (first: number, from: string): string =>
    count - first < 2
      ? ''
      : `for (${unit.dim} f = ${first}; f < ${count - 1}; f = (${unit.dim})(f + 2)) {
uint8_t pair = ${pair(from)};
${add('sums[f]', 'pair & 15')}
${add('sums[f + 1]', 'pair >> 4')}
}
`;
  if (count % 2 === 0) return `${unit.index} at = weight >> 1;\n${pairs(0, 'at++')}`;
  const single = (to: string, weight: string): string => add(to, `(${pair('at')}) ${weight}`);
  return `${unit.index} at = weight >> 1;
if (weight & 1) {
${single('sums[0]', '>> 4')}
at++;
${pairs(1, 'at++')}} else {
${pairs(0, 'at++')}${single(`sums[${count - 1}]`, '& 15')}
}
`;
}

/** Statements that add an input to the total of all inputs. */
export function addTotal(type: string, input: string): string {
  if (input.startsWith('u')) return `total = (${type})(total + x);`;
  return `${type} wrapped = (${type})x;\ntotal = (${type})(total + wrapped);`;
}
