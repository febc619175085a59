import { bitsAt, cosTurns32, deriveStream, exp32, floatFromBits, log32 } from '@bitkiln/core';
import { describe, expect, it } from 'vitest';
import { signed, unsigned } from '../../src/kiln/assembler/encoding.ts';
import { at, f32x4, i32, type V128, v128 } from '../../src/kiln/assembler/expression.ts';
import type { FunctionBuilder } from '../../src/kiln/assembler/function-builder.ts';
import { ModuleBuilder } from '../../src/kiln/assembler/module-builder.ts';
import { emitCosTurns, emitExp, emitLog } from '../../src/kiln/kernels/polynomials.ts';

/** Runs an emitted function of one vector over floats, four at a time. */
function run(emit: (f: FunctionBuilder, x: V128) => V128, inputs: readonly number[]): number[] {
  const builder = new ModuleBuilder();
  builder.define('run', 0, (f) => {
    const x = f.let(v128.load(at(i32.const(0), 16)));
    f.storeVector(at(i32.const(0), 32), emit(f, x));
  });
  const memory = new WebAssembly.Memory({ initial: 1 });
  const floats = new Float32Array(memory.buffer);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(builder.encode()), { host: { memory } });
  const results: number[] = [];
  for (let i = 0; i < inputs.length; i += 4) {
    floats.set(inputs.slice(i, i + 4), 4);
    (instance.exports.run as () => void)();
    results.push(...floats.slice(8, 8 + Math.min(4, inputs.length - i)));
  }
  return results;
}

describe('LEB128', () => {
  it('encodes where the sign bit and the seventh bit matter', () => {
    expect([0, 127, 128, 624_485, 2 ** 32 - 1].map(unsigned)).toEqual([
      [0],
      [127],
      [128, 1],
      [0xe5, 0x8e, 0x26],
      [255, 255, 255, 255, 15],
    ]);
    expect([0, -1, 63, 64, -64, -65, -123_456, 2 ** 31 - 1].map(signed)).toEqual([
      [0],
      [127],
      [63],
      [0xc0, 0],
      [64],
      [0xbf, 0x7f],
      [0xc0, 0xbb, 0x78],
      [255, 255, 255, 255, 7],
    ]);
  });
});

describe('emitted functions give the bits of their namesakes', () => {
  const stream = deriveStream(3, 'float', 0, 'inputs');
  const count = 20_000;

  it('exp', () => {
    const random = Array.from({ length: count }, (_, i) =>
      Math.fround((bitsAt(stream, i) / 2 ** 32 - 0.5) * 200),
    );
    const inputs = [0, -0, 87, 87.5, 200, -87, -86.99999, -87.00001, -1e30, 1e-30, ...random].map(
      Math.fround,
    );
    expect(run(emitExp, inputs)).toEqual(inputs.map(exp32));
  });

  it('ln', () => {
    const random = Array.from({ length: count }, (_, i) =>
      floatFromBits(0x00800000 + (bitsAt(stream, i) % 0x7e000000)),
    );
    const inputs = [1, 0.5, 2, Math.SQRT2, Math.SQRT1_2, 1 - 2 ** -24, 1 + 2 ** -23, 1e-7, ...random].map(
      Math.fround,
    );
    expect(run(emitLog, inputs)).toEqual(inputs.map(log32));
  });

  it('cos', () => {
    const inputs = [
      0,
      0.25,
      0.5,
      0.75,
      ...Array.from({ length: count }, (_, i) => (bitsAt(stream, i) >>> 8) / 2 ** 24),
    ];
    expect(run(emitCosTurns, inputs)).toEqual(inputs.map(cosTurns32));
  });
});

it('loops run as often as they say, once without a loop, and not at all', () => {
  const counts = [0, 1, 2, 7];
  const sums = counts.map((count) =>
    run(
      (f, x) => {
        const sum = f.let(f32x4.const(0));
        f.repeat(count, () => f.set(sum, f32x4.add(sum, x)));
        return sum;
      },
      [1, 10, 100, 1000],
    ),
  );
  expect(sums).toEqual(counts.map((count) => [count, 10 * count, 100 * count, 1000 * count]));
});
