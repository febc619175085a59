import { elements, type IntegerDense, type IntegerProgram } from '@bitkiln/core';
import { pixelsInOrder } from '../layout/layout.ts';
import type { MapPlace, Step } from '../plan/memory-plan.ts';
import { type Activations, activationsAt } from './activations.ts';
import { unsigned } from './integers.ts';
import { describe } from './slide.ts';
import { declareSums, readsShifted, type Sums } from './sums.ts';
import type { CUnit } from './unit.ts';
import { addTotal, declareWeights, readWeight } from './weights.ts';

export type DenseStep = Extract<Step, { kind: 'dense' }>;

/** 16-bit logits in the buffer. */
export const logitValues = {
  bits: 16,
  signed: true,
  midRise: false,
  lowest: -32768,
  highest: 32767,
  unitExponent: 0,
} as const;

/** A function that multiplies a map, read in the order of memory, by a matrix, and the call to it. */
export function emitDense(unit: CUnit, program: IntegerProgram, step: DenseStep): string {
  const op = program.ops[step.stage.op] as IntegerDense;
  const id = `_${step.stage.op + 1}`;
  const { logits } = step.stage;
  const from = activationsAt(unit, step.input, op.inputValues);
  const to = activationsAt(unit, step.output, logits ? logitValues : op.outputValues);
  const order =
    'For each unit the weights of all inputs' +
    (/^R+$/.test(step.input.layout.peel) ? '' : ', in the order in which the inputs stand in memory');
  declareWeights(unit, op, id, inMemoryOrder(op, step.input), order);
  const sums = declareSums(unit, op, id, logits);
  const { index, dim } = unit;
  const pairs = readsShifted(op) && canPair(step.input, op);
  const inputs = elements(step.input.shape);
  const products = pairs
    ? pairProducts(unit, step.input, id, sums)
    : singleProducts(unit, op, { id, from, sums, inputs });
  const units = op.output.channels;
  const next = unsigned(to.stride);
  const first = unsigned(to.origin + (step.firstUnitLast ? units - 1 : 0) * to.stride);
  const loop = step.firstUnitLast
    ? `${dim} unit = ${units}; unit-- > 0; to = (${index})(to - ${next})`
    : `${dim} unit = 0; unit < ${units}; unit++, to = (${index})(to + ${next})`;
  unit.declare(
    `run${id}`,
    () => `
/* ${describe(program, op, step.input, step.output)} */
static void run${id}(void)
{
${index} to = ${first};
for (${loop}) {
${index} weight = (${index})(unit * ${unsigned(pairs ? inputs / 2 : inputs)});
${products}
${to.storeLevel('to', sums.level(finished(op, sums), 'unit'))}
}
}
`,
  );
  return `run${id}();`;
}

function finished(op: IntegerDense, { type }: Sums): string {
  return readsShifted(op) ? `(${type.slice(1)})(${type})(sum - 8 * total)` : 'sum';
}

/** Two inputs to a byte beside two weights to a byte. */
function canPair({ bits, base, shape }: MapPlace, { inputValues }: IntegerDense): boolean {
  return bits === 4 && !inputValues.signed && base % 8 === 0 && elements(shape) % 2 === 0;
}

function pairProducts(unit: CUnit, { base, shape }: MapPlace, id: string, { type }: Sums): string {
  const { index, memory } = unit;
  const read = memory.read('weights', 'uint8_t', `weights${id}`, 'weight');
  return `${type} sum = 0;
${type} total = 0;
for (${index} at = ${unsigned(base / 8)}; at < ${unsigned(base / 8 + elements(shape) / 2)}; at++, weight++) {
uint8_t x = buffer[at];
if (x == 0) continue;
uint8_t pair = ${read} ^ 0x88;
sum = (${type})(sum + (x & 15) * (pair & 15) + (x >> 4) * (pair >> 4));
total = (${type})(total + (x & 15) + (x >> 4));
}`;
}

interface Singles {
  readonly id: string;
  readonly from: Activations;
  readonly sums: Sums;
  readonly inputs: number;
}

function singleProducts(unit: CUnit, op: IntegerDense, { id, from, sums, inputs }: Singles): string {
  const { index } = unit;
  const { type } = sums;
  const shifted = readsShifted(op);
  const pair = unit.memory.read('weights', 'uint8_t', `weights${id}`, 'weight >> 1');
  const add = shifted
    ? `uint8_t pair = ${pair} ^ 0x88;
sum = (${type})(sum + (${type})x * ((weight & 1) ? pair >> 4 : pair & 15));
${addTotal(type, sums.input)}`
    : `sum = (${type})(sum + (${type})x * ${readWeight(unit, op.weightBits, `weights${id}`, 'weight')});`;
  return `${type} sum = 0;
${shifted ? `${type} total = 0;\n` : ''}${index} from = ${unsigned(from.origin)};
for (${index} left = ${unsigned(inputs)}; left > 0; left--, weight++, from = (${index})(from + ${unsigned(from.stride)})) {
${sums.input} x = ${from.load('from')};
${add}
}`;
}

/** The matrix by units, and its inputs as they stand in memory. */
function inMemoryOrder({ kernel, output }: IntegerDense, { shape, layout }: MapPlace): Int32Array {
  const units = output.channels;
  const places = pixelsInOrder(layout).map(([row, col]) => row * shape.cols + col);
  const ordered = new Int32Array(kernel.length);
  let at = 0;
  for (let unit = 0; unit < units; unit++) {
    for (const pixel of places) {
      for (let channel = 0; channel < shape.channels; channel++) {
        ordered[at++] = kernel[(pixel * shape.channels + channel) * units + unit]!;
      }
    }
  }
  return ordered;
}
