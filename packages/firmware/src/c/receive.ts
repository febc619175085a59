import type { IntegerOp, IntegerProgram, IntegerQuantize, IntegerValues } from '@bitkiln/core';
import type { Step } from '../plan/memory-plan.ts';
import { activationsAt, levelOf } from './activations.ts';
import { times, typeOf, unsigned } from './integers.ts';
import { placeExpression } from './places.ts';
import { averageLevel, averageWidth } from './pooling.ts';
import { declareQuantizer, describeMap } from './slide.ts';
import type { CUnit } from './unit.ts';

export type ReceiveStep = Extract<Step, { kind: 'receive' }>;

interface Pixels {
  readonly values: IntegerValues;
  /** The integer of a byte of the image. */
  read(byte: string): string;
}

const bytes: IntegerValues = {
  bits: 8,
  signed: false,
  midRise: false,
  lowest: 0,
  highest: 255,
  unitExponent: -8,
};

/** The body of the function that takes row number `row` of the image from the bytes at `pixels`. */
export function emitReceive(unit: CUnit, program: IntegerProgram, step: ReceiveStep): string {
  const source = quantizedPixels(unit, program, step);
  const { pool } = step.stage;
  if (pool === null) return storeRow(unit, step, source);
  const op = program.ops[step.stage.op]!;
  if (op.kind === 'average-pool') return averageRow(unit, step, op, source);
  return maximumRow(unit, step, source, pool.size);
}

function quantizedPixels(unit: CUnit, program: IntegerProgram, { stage }: ReceiveStep): Pixels {
  let values = bytes;
  let read = (byte: string): string => byte;
  for (const index of stage.quantizers) {
    const op = program.ops[index] as IntegerQuantize;
    const level = declareQuantizer(unit, op, `_${index + 1}`);
    const before = read;
    read = (byte) => (op.outputValues.midRise ? `2 * ${level(before(byte))} + 1` : level(before(byte)));
    values = op.outputValues;
  }
  return { values, read };
}

function storeRow(unit: CUnit, { output }: ReceiveStep, { values, read }: Pixels): string {
  const { cols, channels } = output.shape;
  const { dim, index } = unit;
  const map = activationsAt(unit, output, values);
  const place = placeExpression(unit, output.layout, 'row', 'col');
  return `/* The image as ${describeMap(output)}. */
for (${dim} col = 0; col < ${cols}; col++) {
${index} to = (${index})(${map.at(`${place}${times(channels)}`)});
for (${dim} channel = 0; channel < ${channels}; channel++, to = (${index})(to + ${unsigned(map.stride)})) {
${map.storeLevel('to', levelOf(`(${read('*pixels')})`, values))}
pixels++;
}
}`;
}

/** Visits the pixels of `pool` columns under every output of a row, for each channel. */
function squares(unit: CUnit, { output, stage }: ReceiveStep, pool: number, body: string): string {
  const { cols, channels } = output.shape;
  const { dim } = unit;
  const width = stage.input.channels;
  return `for (${dim} col = 0; col < ${cols}; col++, pixels += ${pool * width}) {
for (${dim} channel = 0; channel < ${channels}; channel++) {
${body}
}
}`;
}

function averageRow(
  unit: CUnit,
  step: ReceiveStep,
  op: Extract<IntegerOp, { kind: 'average-pool' }>,
  { values, read }: Pixels,
): string {
  const { dim, index } = unit;
  const { output, sums } = step;
  const { channels } = output.shape;
  const pool = op.pool;
  const type = `int${averageWidth(op)}_t`;
  const map = activationsAt(unit, output, op.outputValues);
  const place = placeExpression(unit, output.layout, `row / ${pool}`, 'col');
  const level = averageLevel(unit, op, 'sum');
  const store = `${index} to = (${index})(${map.at(`(${place}${times(channels)} + channel)`)});
${map.storeLevel('to', level)}`;
  const add = `for (${dim} c = 0; c < ${pool}; c++) {
sum = (${type})(sum + ${read(`pixels[c * ${channels} + channel]`)});
}`;
  const title = `/* Averages of ${pool}x${pool} pixels, ${describeMap(output)}. */\n`;
  if (sums === null) return title + squares(unit, step, pool, `${type} sum = 0;\n${add}\n${store}`);
  const limit = 2 ** (sums.bits - (values.signed ? 1 : 0));
  const held = activationsAt(unit, sums, {
    ...values,
    midRise: false,
    bits: sums.bits,
    lowest: values.signed ? -limit : 0,
    highest: limit - 1,
  });
  const body = `${index} held = (${index})(${held.at(`((${index})col${times(channels)} + channel)`)});
${type} sum = 0;
if (line > 0) sum = (${type})${held.load('held')};
${add}
if (line < ${pool - 1}) {
${held.storeLevel('held', 'sum')}
} else {
${store}
}`;
  return `${title}${dim} line = (${dim})(row % ${pool});
${squares(unit, step, pool, body)}`;
}

function maximumRow(unit: CUnit, step: ReceiveStep, { values, read }: Pixels, pool: number): string {
  const { dim, index } = unit;
  const { output } = step;
  const { channels } = output.shape;
  const map = activationsAt(unit, output, values);
  const place = placeExpression(unit, output.layout, `row / ${pool}`, 'col');
  const type = typeOf(values);
  const body = `${index} to = (${index})(${map.at(`(${place}${times(channels)} + channel)`)});
${type} greatest = (${type})(${read('pixels[channel]')});
for (${dim} c = 1; c < ${pool}; c++) {
${type} x = (${type})(${read(`pixels[c * ${channels} + channel]`)});
if (x > greatest) greatest = x;
}
if (row % ${pool} > 0) {
${type} x = ${map.load('to')};
if (x > greatest) greatest = x;
}
${map.storeLevel('to', levelOf('greatest', values))}`;
  return `/* The greatest of ${pool}x${pool} pixels, ${describeMap(output)}. */
${squares(unit, step, pool, body)}`;
}
