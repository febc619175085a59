import { elements } from '@bitkiln/core';
import { rowStep } from '../layout/peel.ts';
import type { Step } from '../plan/memory-plan.ts';
import { activationsAt } from './activations.ts';
import { times, unsigned } from './integers.ts';
import { placeExpression } from './places.ts';
import { describeMap } from './slide.ts';
import type { CUnit } from './unit.ts';

/** The bits of an activation, whatever they stand for. */
const rawValues = { signed: false, midRise: false, lowest: 0, unitExponent: 0 } as const;

/** Moves a map as it is, whole bytes if it can. */
export function emitMove(unit: CUnit, { from, to }: Extract<Step, { kind: 'move' }>): string {
  const name = `move_${unit.ordinal('move', JSON.stringify([from, to]))}`;
  const { index } = unit;
  const up = to.base > from.base;
  const title = `/* Moves ${describeMap(from)} to ${to.base % 8 === 0 ? `byte ${to.base / 8}` : `bit ${to.base}`}. */`;
  const bits = elements(from.shape) * from.bits;
  const bytewise = from.base % 8 === 0 && to.base % 8 === 0;
  const values = { ...rawValues, bits: from.bits, highest: 2 ** from.bits - 1 };
  const source = activationsAt(unit, from, values);
  const target = activationsAt(unit, to, values);
  const count = unsigned(bytewise ? Math.ceil(bits / 8) : elements(from.shape));
  const copy = bytewise
    ? `buffer[${unsigned(to.base / 8)} + i] = buffer[${unsigned(from.base / 8)} + i];`
    : target.storeLevel(`(${index})(${target.at('i')})`, source.load(`(${index})(${source.at('i')})`));
  unit.declare(
    name,
    () => `
${title}
static void ${name}(void)
{
${up ? `for (${index} i = ${count}; i-- > 0;) {` : `for (${index} i = 0; i < ${count}; i++) {`}
${copy}
}
}
`,
  );
  return `${name}();`;
}

/** Reorders a map's pixels in place: each cycle of places is followed once, from the least of them. */
export function emitPermute(unit: CUnit, { from, to }: Extract<Step, { kind: 'permute' }>): string {
  const { rows, cols, channels } = from.shape;
  const { index, dim } = unit;
  const name = `order_${unit.ordinal('order', JSON.stringify([from, to]))}`;
  const values = { ...rawValues, bits: from.bits, highest: 2 ** from.bits - 1 };
  const map = activationsAt(unit, from, values);
  const flatten = to.layout.peel === rowStep.repeat(rows);
  const layout = flatten ? from.layout : to.layout;
  const at = (place: string): string => `(${index})(${map.at(`(${place}${times(channels)} + channel)`)})`;
  const type = from.bits > 8 ? 'uint16_t' : 'uint8_t';
  const next = placeExpression(unit, layout, `place / ${cols}U`, `place % ${cols}U`);
  // To row-major order each place takes what `next` holds; from it, each place's pixel goes to `next`.
  const rotate = flatten
    ? `${type} first = ${map.load(at('start'))};
for (next = ${name}_next(place); next != start; next = ${name}_next(place)) {
${map.storeLevel(at('place'), map.load(at('next')))}
place = next;
}
${map.storeLevel(at('place'), 'first')}`
    : `${type} carried = ${map.load(at('start'))};
do {
next = ${name}_next(place);
${type} kept = ${map.load(at('next'))};
${map.storeLevel(at('next'), 'carried')}
carried = kept;
place = next;
} while (place != start);`;
  unit.declare(
    name,
    () => `
static ${index} ${name}_next(${index} place)
{
return ${next};
}

/* Lays ${describeMap(from)} down ${flatten ? 'row by row' : 'in another order'}. */
static void ${name}(void)
{
for (${index} start = 0; start < ${unsigned(rows * cols)}; start++) {
${index} next = ${name}_next(start);
while (next > start) next = ${name}_next(next);
if (next < start) continue;
for (${dim} channel = 0; channel < ${channels}; channel++) {
${index} place = start;
${rotate}
}
}
}
`,
  );
  return `${name}();`;
}
