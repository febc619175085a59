import { bitsAt, cosTurns32, deriveStream, exp32, log32, substream, uniformAt } from '@bitkiln/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epochOrder } from '../../src/randomness/epoch-order.ts';
import { gaussianAt } from '../../src/randomness/gaussian.ts';
import { dropoutFactors, gaussianNoise, trialDrawStream } from '../../src/randomness/layer-draws.ts';

const stream = deriveStream(42, 'float', 3, 'test');

/** Pearson's chi-square of counts that should be equal, as standard deviations from its mean. */
function chiSquareDeviation(counts: ArrayLike<number>, total: number): number {
  const expected = total / counts.length;
  let chi = 0;
  for (let i = 0; i < counts.length; i++) chi += (counts[i]! - expected) ** 2 / expected;
  const freedom = counts.length - 1;
  return (chi - freedom) / Math.sqrt(2 * freedom);
}

describe('counter-based streams', () => {
  it('are pinned: the same bits for ever', () => {
    expect(
      [0, 1, 2, 2 ** 32 - 1].map((i) => bitsAt(deriveStream(1, 'float', 0, 'a'), i)),
    ).toMatchInlineSnapshot(`
      [
        3525304640,
        3118896695,
        3396739595,
        2674214571,
      ]
    `);
  });

  it('give distinct keys for distinct seeds, and refuse seeds that are not', () => {
    const seed = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(seed, seed, fc.nat(50), (a, b, trial) => {
        fc.pre(a !== b);
        expect(deriveStream(a, 'movingScales', trial, 'x')).not.toEqual(
          deriveStream(b, 'movingScales', trial, 'x'),
        );
      }),
    );
    expect(() => deriveStream(2 ** 53, 'float', 0, 'x')).toThrow(/experimentSeed is 9007199254740992/);
    expect(() => deriveStream(1, 'float', -1, 'x')).toThrow(/trial is -1/);
  });

  it('differ by every part of their name', () => {
    const keys = new Set<string>();
    for (const stage of ['float', 'movingScales', 'frozenScales'] as const) {
      for (let trial = 0; trial < 50; trial++) {
        for (const purpose of ['a', 'b', 'ab', 'ba'])
          keys.add(JSON.stringify(deriveStream(7, stage, trial, purpose)));
      }
    }
    expect(keys.size).toBe(600);
  });

  it('spread low, high and serial bits evenly', () => {
    const total = 1 << 20;
    const low = new Int32Array(256);
    const high = new Int32Array(256);
    const pairs = new Int32Array(256);
    const across = new Int32Array(256);
    for (let i = 0; i < total; i++) {
      const x = bitsAt(stream, i);
      low[x & 255]!++;
      high[x >>> 24]!++;
      pairs[((x >>> 28) << 4) | (bitsAt(stream, i + 1) >>> 28)]!++;
      across[((x & 15) << 4) | (bitsAt(substream(stream, i), 0) & 15)]!++;
    }
    for (const counts of [low, high, pairs, across]) {
      expect(Math.abs(chiSquareDeviation(counts, total))).toBeLessThan(5);
    }
  });

  it('flip half of the output bits when one bit of counter or seed flips', () => {
    for (let bit = 0; bit < 32; bit++) {
      let byCounter = 0;
      let bySeed = 0;
      for (let i = 0; i < 2000; i++) {
        byCounter += ones(bitsAt(stream, i) ^ bitsAt(stream, (i ^ (2 ** bit)) >>> 0));
        bySeed += ones(
          bitsAt(deriveStream(i, 'float', 0, 'x'), 0) ^
            bitsAt(deriveStream((i ^ (2 ** bit)) >>> 0, 'float', 0, 'x'), 0),
        );
      }
      expect(Math.abs(byCounter / 2000 - 16)).toBeLessThan(0.5);
      expect(Math.abs(bySeed / 2000 - 16)).toBeLessThan(0.5);
    }
  });

  it('give uniforms in [0, 1) of mean 1/2', () => {
    let sum = 0;
    for (let i = 0; i < 1e5; i++) {
      const u = uniformAt(stream, i);
      if (u < 0 || u >= 1) throw new Error(`draw ${i} is ${u}`);
      sum += u;
    }
    expect(Math.abs(sum / 1e5 - 0.5)).toBeLessThan(0.004);
  });
});

function ones(word: number): number {
  let count = 0;
  for (let w = word >>> 0; w > 0; w >>>= 1) count += w & 1;
  return count;
}

describe('single precision functions', () => {
  it('stay within their stated errors', () => {
    for (let i = 0; i < 2e4; i++) {
      const x = Math.fround((uniformAt(stream, i) * 2 - 1) * 87);
      expect(Math.abs(exp32(x) / Math.exp(x) - 1)).toBeLessThan(2e-7);
      const y = exp32(x);
      expect(Math.abs(log32(y) - Math.log(y))).toBeLessThan(1e-7 * Math.max(1, Math.abs(Math.log(y))));
      const v = uniformAt(stream, i);
      expect(Math.abs(cosTurns32(v) - Math.cos(2 * Math.PI * v))).toBeLessThan(3e-7);
    }
    expect([exp32(0), exp32(-88), log32(1), cosTurns32(0.5)]).toEqual([1, 0, 0, -1]);
  });
});

describe('Gaussian draws', () => {
  it('have the moments and the tail of a normal distribution', () => {
    const n = 4e5;
    let [m1, m2, m3, m4, beyond2] = [0, 0, 0, 0, 0];
    for (let i = 0; i < n; i++) {
      const z = gaussianAt(stream, i);
      m1 += z / n;
      m2 += z ** 2 / n;
      m3 += z ** 3 / n;
      m4 += z ** 4 / n;
      if (Math.abs(z) > 2) beyond2 += 1 / n;
    }
    expect(Math.abs(m1)).toBeLessThan(0.008);
    expect(Math.abs(m2 - 1)).toBeLessThan(0.012);
    expect(Math.abs(m3)).toBeLessThan(0.03);
    expect(Math.abs(m4 - 3)).toBeLessThan(0.08);
    expect(Math.abs(beyond2 - 0.0455)).toBeLessThan(0.0016);
  });
});

describe('layer draws', () => {
  const draws = trialDrawStream(9, 'float', 1);

  it('drop the asked share and scale what is kept', () => {
    const factors = dropoutFactors(draws, 0.1, { step: 5, op: 2, samples: 500, elements: 200 });
    const kept = factors.filter((x) => x !== 0);
    expect(Math.abs(kept.length / factors.length - 0.9)).toBeLessThan(0.004);
    expect(new Set(kept)).toEqual(new Set([Math.fround(1 / 0.9)]));
  });

  it('depend on step, op, sample and element alone', () => {
    const at = { step: 5, op: 2, samples: 8, elements: 20 };
    const noise = gaussianNoise(draws, 0.5, at);
    expect(gaussianNoise(draws, 0.5, { ...at, samples: 3 })).toEqual(noise.slice(0, 60));
    expect(gaussianNoise(draws, 0.5, { ...at, step: 6 })).not.toEqual(noise);
    expect(gaussianNoise(draws, 0.5, { ...at, op: 3 })).not.toEqual(noise);
    expect(gaussianNoise(draws, 1, at)).toEqual(noise.map((x) => x * 2));
  });
});

describe('epoch order', () => {
  it('is a permutation that changes with every argument', () => {
    const order = epochOrder(1000, 1, 'float', 2, 3);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(epochOrder(1000, 1, 'float', 2, 3)).toEqual(order);
    for (const other of [
      epochOrder(1000, 2, 'float', 2, 3),
      epochOrder(1000, 1, 'movingScales', 2, 3),
      epochOrder(1000, 1, 'float', 3, 3),
      epochOrder(1000, 1, 'float', 2, 4),
    ]) {
      expect(other).not.toEqual(order);
    }
  });

  it('sends every image to every place equally often', () => {
    const counts = new Int32Array(36);
    for (let epoch = 0; epoch < 36_000; epoch++) {
      epochOrder(6, 1, 'float', 0, epoch).forEach((image, place) => {
        counts[image * 6 + place]!++;
      });
    }
    expect(Math.abs(chiSquareDeviation(counts, 36 * 6000))).toBeLessThan(4);
  });
});
