import type { Layout } from '../layout/layout.ts';
import { columnStep, type Peel, rowStep } from '../layout/peel.ts';
import { unsigned } from './integers.ts';
import { type CUnit, table } from './unit.ts';

/** C for the place of a pixel in its map, from unsigned expressions for its row and column. */
export function placeExpression(unit: CUnit, layout: Layout, row: string, col: string): string {
  const { rows, cols, peel } = layout;
  if (isAll(peel, rowStep))
    return `(${unit.index})((${unit.index})(${row}) * ${cols}U + (${unit.index})(${col}))`;
  if (isAll(peel, columnStep))
    return `(${unit.index})((${unit.index})(${col}) * ${rows}U + (${unit.index})(${row}))`;
  const name = `place_${rows}x${cols}_${unit.ordinal(`place_${rows}x${cols}`, peel)}`;
  unit.declare(name, () => placeFunction(unit, layout, name));
  return `${name}((${unit.dim})(${row}), (${unit.dim})(${col}))`;
}

function isAll(peel: Peel, step: string): boolean {
  return peel === step.repeat(peel.length);
}

function placeFunction(unit: CUnit, layout: Layout, name: string): string {
  const { rows, cols, colsBefore, rowsBefore } = layout;
  const { dim, index } = unit;
  const total = unsigned(rows * cols);
  const rowsFirst =
    colsBefore.every((before, row) => before === Math.min(row, cols)) &&
    rowsBefore.every((before, col) => before === Math.min(col + 1, rows));
  let [before, above] = ['row', 'col + 1'];
  let tables = '';
  if (!rowsFirst) {
    [before, above] = [
      unit.memory.read('tables', dim, `${name}_cols`, 'row'),
      unit.memory.read('tables', dim, `${name}_rows`, 'col'),
    ];
    tables =
      table(unit, 'tables', dim, `${name}_cols`, colsBefore) +
      table(unit, 'tables', dim, `${name}_rows`, rowsBefore);
  }
  const what = rowsFirst
    ? 'rows and columns in turn, from the top left'
    : 'rows and columns, each after so many of the others';
  return `
/* The place of a pixel of a ${rows}x${cols} map that is laid down by ${what}. */
${tables}
static ${index} ${name}(${dim} row, ${dim} col)
{
${dim} before = ${before};
if (before <= col) {
return (${index})(${total} - (${index})(${rows}U - row) * (${cols}U - before) + (col - before));
}
before = (${dim})(${above});
return (${index})(${total} - (${index})(${rows}U - before) * (${cols}U - col) + (row - before));
}
`;
}

/** C that visits every pixel of a map in the order of its layout, with `row` and `col` set. */
export function walk(unit: CUnit, layout: Layout, visit: string): string {
  const { rows, cols, peel } = layout;
  const { dim } = unit;
  const runs = peel.match(/R+|C+/g) ?? [];
  const rowLoop = (end: string, from = 'first_row', left = 'first_col'): string => `
for (${dim} row = ${from}; row < ${end}; row++) {
for (${dim} col = ${left}; col < ${cols}; col++) {
${visit}
}
}`;
  const columnLoop = (end: string, from = 'first_col', top = 'first_row'): string => `
for (${dim} col = ${from}; col < ${end}; col++) {
for (${dim} row = ${top}; row < ${rows}; row++) {
${visit}
}
}`;
  if (runs.length === 1)
    return peel[0] === rowStep ? rowLoop(`${rows}`, '0', '0') : columnLoop(`${cols}`, '0', '0');
  if (runs.length === 2) {
    const split = runs[0]!.length;
    return peel[0] === rowStep
      ? rowLoop(`${split}`, '0', '0') + columnLoop(`${cols}`, '0', `${split}`)
      : columnLoop(`${split}`, '0', '0') + rowLoop(`${rows}`, '0', `${split}`);
  }
  const alternating = runs.every((run) => run.length === 1);
  const rowOfMap = `
for (${dim} row = first_row, col = first_col; col < ${cols}; col++) {
${visit}
}
first_row++;`;
  const columnOfMap = `
for (${dim} row = first_row, col = first_col; row < ${rows}; row++) {
${visit}
}
first_col++;`;
  const start = `${dim} first_row = 0, first_col = 0;`;
  if (alternating && peel[0] === rowStep) {
    return `${start}
while (first_row < ${rows} && first_col < ${cols}) {
if (first_row == first_col) {${rowOfMap}
} else {${columnOfMap}
}
}`;
  }
  const name = `steps_${rows}x${cols}_${unit.ordinal(`steps_${rows}x${cols}`, peel)}`;
  unit.declare(
    name,
    () => `
/* The order in which a ${rows}x${cols} map is laid down: 0 is a row, 1 a column. */
${table(
  unit,
  'tables',
  'uint8_t',
  name,
  [...peel].map((step) => (step === columnStep ? 1 : 0)),
)}`,
  );
  return `${start}
for (uint16_t step = 0; step < ${peel.length}; step++) {
if (${unit.memory.read('tables', 'uint8_t', name, 'step')} == 0) {${rowOfMap}
} else {${columnOfMap}
}
}`;
}
