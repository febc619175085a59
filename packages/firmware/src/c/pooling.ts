import type { IntegerAveragePool } from '@bitkiln/core';
import { constant, typeOf, widthFor } from './integers.ts';
import { returnClipped } from './requantize.ts';
import type { CUnit } from './unit.ts';

/** Bits of the arithmetic in which an average's sum stays, shifted too. */
export function averageWidth({ inputValues, pool, rightShift }: IntegerAveragePool): 16 | 32 {
  const area = pool * pool;
  return widthFor(
    Math.min(0, inputValues.lowest) * area,
    Math.max(0, inputValues.highest) * area * 2 ** Math.max(0, -rightShift),
  );
}

/** The level of the sum of a square: floor of the shifted sum over the number of its pixels, clipped. */
export function averageLevel(unit: CUnit, op: IntegerAveragePool, sum: string): string {
  const { inputValues, outputValues, pool, rightShift } = op;
  const type = `int${averageWidth(op)}_t`;
  const result = typeOf(outputValues);
  const name = `average${unit.ordinal('average', `${type} ${pool} ${rightShift} ${outputValues.bits} ${inputValues.lowest < 0}`)}`;
  unit.declare(name, () => {
    const log2 = Math.log2(pool * pool);
    // Two floors of divisions by powers of two are one.
    const merged = Number.isInteger(log2);
    const shift = Math.min(rightShift + (merged ? log2 : 0), averageWidth(op) - 1);
    const shifted = shift < 0 ? `sum * ${constant(2 ** -shift)}` : shift > 0 ? `sum >> ${shift}` : 'sum';
    const divided = merged ? shifted : `(${shifted}) / ${constant(pool * pool)}`;
    return `
static inline ${result} ${name}(${type} sum)
{
${inputValues.lowest < 0 ? 'if (sum < 0) sum = 0;\n' : ''}sum = (${type})(${divided});
${returnClipped({ lowest: 0, highest: 2 ** 31 }, outputValues, averageWidth(op), result)}
}
`;
  });
  return `${name}(${sum})`;
}
