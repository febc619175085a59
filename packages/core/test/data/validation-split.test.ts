import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { validationSplit } from '../../src/index.ts';

const golden = JSON.parse(
  readFileSync(new URL('../golden/validation-split.json', import.meta.url), 'utf8'),
) as { seed: number; population: number; size: number; firstDrawn: number[]; maskSha256: string };

describe('validationSplit', () => {
  const split = validationSplit(golden.population, golden.size, golden.seed);

  it('draws the published validation images', () => {
    expect([...split.drawn.subarray(0, golden.firstDrawn.length)]).toEqual(golden.firstDrawn);
    expect(createHash('sha256').update(split.mask).digest('hex')).toBe(golden.maskSha256);
  });

  it('keeps both parts in ascending index, without loss', () => {
    expect([split.training.length, split.validation.length]).toEqual([50_000, 10_000]);
    for (const part of [split.training, split.validation]) {
      expect(part.every((index, i) => i === 0 || part[i - 1]! < index)).toBe(true);
    }
    expect([...split.training].every((index) => split.mask[index] === 0)).toBe(true);
    expect([...split.validation].every((index) => split.mask[index] === 1)).toBe(true);
  });

  it('takes all or nothing too', () => {
    expect([...validationSplit(4, 4, 1).validation]).toEqual([0, 1, 2, 3]);
    expect([...validationSplit(4, 0, 1).training]).toEqual([0, 1, 2, 3]);
  });
});
