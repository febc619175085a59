import type { IntegerConvolution, IntegerProgram } from '@bitkiln/core';
import type { Step } from '../plan/memory-plan.ts';
import { activationsAt } from './activations.ts';
import { times, unsigned } from './integers.ts';
import { placeExpression, walk } from './places.ts';
import { productsOf, sumProducts } from './products.ts';
import { describe } from './slide.ts';
import { declareSums } from './sums.ts';
import type { CUnit } from './unit.ts';
import { declareWeights } from './weights.ts';

export type ResidualStep = Extract<Step, { kind: 'residual' }>;

/**
 * R in place. The map between its convolutions lives in a ring of two lines and three pixels: pixel n of it, in
 * the order of the walk, is made a line and a pixel before pixel n of the output, and stands at n modulo the ring.
 */
export function emitResidual(unit: CUnit, program: IntegerProgram, step: ResidualStep): string {
  const first = program.ops[step.stage.op] as IntegerConvolution;
  const second = program.ops[step.stage.op + 1] as IntegerConvolution;
  const id = `_${step.stage.op + 1}`;
  const { rows, cols } = step.input.shape;
  const { index, dim } = unit;
  const pixels = rows * cols;
  const ahead = (step.alongColumns ? rows : cols) + 1;
  const order = step.alongColumns
    ? { row: `n % ${rows}U`, col: `n / ${rows}U` }
    : { row: `n / ${cols}U`, col: `n % ${cols}U` };
  const output = activationsAt(unit, step.output, second.outputValues);
  innerPixel(unit, step, first, id);
  outerPixel(unit, program, step, id);
  unit.declare(
    `run${id}`,
    () => `
/* ${describe(program, first, step.input, step.output)} */
static void run${id}(void)
{
${index} to = ${unsigned(output.origin)};
${index} made = 0;
${index} done = 0;
${walk(
  unit,
  step.output.layout,
  `for (; made < ${unsigned(pixels)} && made <= done + ${unsigned(ahead)}; made++) {
${index} n = made;
inner${id}((${dim})(${order.row}), (${dim})(${order.col}), (${index})(made % ${unsigned(step.ringPixels)}));
}
to = outer${id}(row, col, to);
done++;`,
)}
}
`,
  );
  return `run${id}();`;
}

function outsideOf(step: ResidualStep): string {
  const { rows, cols } = step.input.shape;
  return `row + r < 1 || row + r > ${rows} || col + c < 1 || col + c > ${cols}`;
}

function innerPixel(unit: CUnit, step: ResidualStep, op: IntegerConvolution, id: string): void {
  const { index, dim } = unit;
  const { channels } = step.input.shape;
  const inner = `${id}a`;
  declareWeights(
    unit,
    op,
    inner,
    op.kernel,
    'First convolution: kernel rows, columns, input channels, filters',
  );
  const sums = declareSums(unit, op, inner, false);
  const input = activationsAt(unit, step.input, op.inputValues);
  const ring = activationsAt(unit, step.ring, op.outputValues);
  const place = placeExpression(unit, step.input.layout, 'row + r - 1', 'col + c - 1');
  const read = sumProducts(unit, op, { id: inner, sums, input, place, outside: outsideOf(step) });
  unit.declare(
    `inner${id}`,
    () => `
static void inner${id}(${dim} row, ${dim} col, ${index} slot)
{
${read}
${index} to = (${index})(${ring.at(`slot${times(channels)}`)});
for (${dim} f = 0; f < ${channels}; f++, to = (${index})(to + ${unsigned(ring.stride)})) {
${ring.storeLevel('to', sums.level(productsOf(op, sums, 'f'), 'f'))}
}
}
`,
  );
}

function outerPixel(unit: CUnit, program: IntegerProgram, step: ResidualStep, id: string): void {
  const { index, dim } = unit;
  const { rows, cols, channels } = step.input.shape;
  const op = program.ops[step.stage.op + 1] as IntegerConvolution;
  const outer = `${id}b`;
  declareWeights(
    unit,
    op,
    outer,
    op.kernel,
    'Second convolution: kernel rows, columns, input channels, filters',
  );
  const sums = declareSums(unit, op, outer, false);
  const ring = activationsAt(unit, step.ring, op.inputValues);
  const input = activationsAt(unit, step.input, program.ops[step.stage.op]!.inputValues);
  const output = activationsAt(unit, step.output, op.outputValues);
  const [line, along, length] = step.alongColumns
    ? ['col + c', 'row + r', rows]
    : ['row + r', 'col + c', cols];
  const ordered = `(${index})(${line} - 1) * ${length}U + (${index})(${along} - 1)`;
  const place = `(${index})((${ordered}) % ${unsigned(step.ringPixels)})`;
  const read = sumProducts(unit, op, { id: outer, sums, input: ring, place, outside: outsideOf(step) });
  const skipped = placeExpression(unit, step.input.layout, 'row', 'col');
  unit.declare(
    `outer${id}`,
    () => `
static ${index} outer${id}(${dim} row, ${dim} col, ${index} to)
{
${read}
${index} skipped = (${index})(${input.at(`${skipped}${times(channels)}`)});
for (${dim} f = 0; f < ${channels}; f++, to = (${index})(to + ${unsigned(output.stride)})) {
${output.storeLevel('to', sums.level(productsOf(op, sums, 'f'), 'f', input.load('skipped')))}
skipped = (${index})(skipped + ${unsigned(input.stride)});
}
return to;
}
`,
  );
}
