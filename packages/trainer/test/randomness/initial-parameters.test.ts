import type { ParameterSlot, Program } from '@bitkiln/core';
import { describe, expect, it } from 'vitest';
import { initialParameters } from '../../src/randomness/initial-parameters.ts';

function programWith(...shapes: number[][]): Program {
  let offset = 0;
  const slots: ParameterSlot[] = [];
  for (const shape of shapes) {
    for (const [kind, dims] of [
      ['kernel', shape],
      ['bias', [shape.at(-1)!]],
      ['weightThreshold', []],
    ] as const) {
      const length = dims.reduce((a, b) => a * b, 1);
      slots.push({ kind, layer: 0, op: 0, shape: dims, offset, length });
      offset += length;
    }
  }
  const shape = { rows: 1, cols: 1, channels: 1 };
  return { layers: [], input: shape, output: shape, ops: [], slots, parameterCount: offset };
}

describe('initial parameters', () => {
  it('are orthonormal columns for tall kernels and orthonormal rows for wide ones, the rest 0', () => {
    const program = programWith([3, 3, 8, 11], [4, 10], [3, 3, 5, 1], [40, 40]);
    const parameters = initialParameters(program, 1, 0);
    for (const slot of program.slots) {
      const values = parameters.subarray(slot.offset, slot.offset + slot.length);
      if (slot.kind !== 'kernel') {
        expect(values.every((x) => x === 0)).toBe(true);
        continue;
      }
      const cols = slot.shape.at(-1)!;
      const rows = slot.length / cols;
      const [count, stride, step] = rows >= cols ? [cols, 1, cols] : [rows, cols, 1];
      for (let a = 0; a < count; a++) {
        for (let b = 0; b < count; b++) {
          let dot = 0;
          for (let i = 0; i < Math.max(rows, cols); i++)
            dot += values[a * stride + i * step]! * values[b * stride + i * step]!;
          expect(Math.abs(dot - (a === b ? 1 : 0))).toBeLessThan(1e-6);
        }
      }
    }
  });

  it('differ by seed and trial and not by call', () => {
    const program = programWith([3, 3, 2, 4]);
    const first = initialParameters(program, 1, 0);
    expect(initialParameters(program, 1, 0)).toEqual(first);
    expect(initialParameters(program, 2, 0)).not.toEqual(first);
    expect(initialParameters(program, 1, 1)).not.toEqual(first);
  });
});
