import { type IntegerOp, type IntegerProgram, type IntegerQuantize, printLayer } from '@bitkiln/core';
import type { MapPlace, Step } from '../plan/memory-plan.ts';
import { type Activations, activationsAt, levelOf } from './activations.ts';
import { constant, times, typeOf, unsigned } from './integers.ts';
import { placeExpression, walk } from './places.ts';
import { averageLevel, averageWidth } from './pooling.ts';
import { productsOf, sumProducts } from './products.ts';
import { levelRangeOf, returnLevel } from './requantize.ts';
import { declareSums } from './sums.ts';
import type { CUnit } from './unit.ts';
import { declareWeights } from './weights.ts';

export type SlideStep = Extract<Step, { kind: 'slide' }>;

/** A function that runs a window over a map in place, and the call to it. */
export function emitSlide(unit: CUnit, program: IntegerProgram, step: SlideStep): string {
  const op = program.ops[step.stage.op]!;
  const id = `_${step.stage.op + 1}`;
  const from = activationsAt(unit, step.input, op.inputValues);
  const to = activationsAt(unit, step.output, op.outputValues);
  const title = describe(program, op, step.input, step.output);
  if (op.kind === 'quantize') return emitQuantize(unit, op, { id, title, from, to });
  const pixel = pixelFunction(unit, op, { id, step, from, to });
  const visit = `to = pixel${id}(row, col, to);`;
  unit.declare(`run${id}`, () => {
    unit.declare(`pixel${id}`, () => pixel);
    const loops = walk(unit, step.output.layout, visit);
    return `
/* ${title} */
static void run${id}(void)
{
${unit.index} to = ${unsigned(to.origin)};
${loops}
}
`;
  });
  return `run${id}();`;
}

/** `Layer 3, C(8,3x3): 12x12x5 of 4 bits from byte 75 to 10x10x8 of 4 bits from byte 0.` */
export function describe(program: IntegerProgram, op: IntegerOp, input: MapPlace, output: MapPlace): string {
  return `Layer ${op.layer + 1}, ${printLayer(program.layers[op.layer]!)}: ${describeMap(input)} to ${describeMap(output)}.`;
}

export function describeMap({ shape: { rows, cols, channels }, bits, base }: MapPlace): string {
  const where = base % 8 === 0 ? `byte ${base / 8}` : `bit ${base}`;
  return `${rows}x${cols}x${channels} of ${bits} bits from ${where}`;
}

interface Pixel {
  readonly id: string;
  readonly step: SlideStep;
  readonly from: Activations;
  readonly to: Activations;
}

/** A function that makes one output pixel: all that it reads is read before the first channel is written. */
function pixelFunction(unit: CUnit, op: Exclude<IntegerOp, IntegerQuantize>, pixel: Pixel): string {
  const { id, step, to } = pixel;
  const { index, dim } = unit;
  const { channels } = step.output.shape;
  const [read, level] = bodyOf(unit, op, pixel);
  return `
static ${index} pixel${id}(${dim} row, ${dim} col, ${index} to)
{
${read}
for (${dim} f = 0; f < ${channels}; f++, to = (${index})(to + ${unsigned(to.stride)})) {
${to.storeLevel('to', level)}
}
return to;
}
`;
}

/** What reads the window, and the level of output channel `f`. */
function bodyOf(unit: CUnit, op: Exclude<IntegerOp, IntegerQuantize>, pixel: Pixel): [string, string] {
  const { id, step, from } = pixel;
  const { strideRows, strideCols } = step.stage;
  const row = `${scaled('row', strideRows)} + r`;
  const col = `${scaled('col', strideCols)} + c`;
  const place = placeExpression(unit, step.input.layout, row, col);
  if (op.kind === 'average-pool' || op.kind === 'max-pool') return poolBody(unit, op, from, place);
  if (op.kind !== 'convolution' && op.kind !== 'depthwise') {
    throw new TypeError(`${op.kind} slides no window`);
  }
  const order =
    op.kind === 'convolution'
      ? 'Kernel rows, columns, input channels, filters'
      : 'Kernel rows, columns, channels, multiplier';
  declareWeights(unit, op, id, op.kernel, order);
  const sums = declareSums(unit, op, id, false);
  const read = sumProducts(unit, op, { id, sums, input: from, place, outside: null });
  return [read, sums.level(productsOf(op, sums, 'f'), 'f')];
}

function scaled(value: string, stride: number): string {
  return stride === 1 ? value : `${value} * ${stride}`;
}

function poolBody(
  unit: CUnit,
  op: Extract<IntegerOp, { kind: 'average-pool' | 'max-pool' }>,
  from: Activations,
  place: string,
): [string, string] {
  const { dim, index } = unit;
  const { channels } = op.output;
  const average = op.kind === 'average-pool';
  const type = average ? `int${averageWidth(op)}_t` : typeOf(op.inputValues);
  const start = average ? '0' : constant(op.inputValues.lowest);
  const take = average ? `values[f] = (${type})(values[f] + x);` : 'if (x > values[f]) values[f] = x;';
  const read = `${type} values[${channels}];
for (${dim} f = 0; f < ${channels}; f++) values[f] = ${start};
for (${dim} r = 0; r < ${op.pool}; r++) {
for (${dim} c = 0; c < ${op.pool}; c++) {
${index} from = (${index})(${from.at(`${place}${times(channels)}`)});
for (${dim} f = 0; f < ${channels}; f++, from = (${index})(from + ${unsigned(from.stride)})) {
${typeOf(op.inputValues)} x = ${from.load('from')};
${take}
}
}
}`;
  return [read, average ? averageLevel(unit, op, 'values[f]') : levelOf('values[f]', op.outputValues)];
}

function emitQuantize(
  unit: CUnit,
  op: IntegerQuantize,
  { id, title, from, to }: { id: string; title: string; from: Activations; to: Activations },
): string {
  const { index } = unit;
  const { rows, cols, channels } = op.output;
  const level = declareQuantizer(unit, op, id);
  unit.declare(
    `run${id}`,
    () => `
/* ${title} */
static void run${id}(void)
{
${index} from = ${unsigned(from.origin)};
${index} to = ${unsigned(to.origin)};
for (${index} left = ${unsigned(rows * cols * channels)}; left > 0; left--) {
${to.storeLevel('to', level(from.load('from')))}
from = (${index})(from + ${unsigned(from.stride)});
to = (${index})(to + ${unsigned(to.stride)});
}
}
`,
  );
  return `run${id}();`;
}

/** The level that N or Q gives an integer. */
export function declareQuantizer(unit: CUnit, op: IntegerQuantize, id: string): (x: string) => string {
  const { inputValues, requantization } = op;
  const name = `level${id}`;
  const levels = levelRangeOf(op.outputValues);
  unit.declare(
    name,
    () => `
static inline ${typeOf(levels)} ${name}(int32_t sum)
{
${returnLevel(inputValues, requantization, 32, typeOf(levels))}
}
`,
  );
  return (x) => `${name}(${x})`;
}
