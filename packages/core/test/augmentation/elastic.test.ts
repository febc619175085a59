import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  augmentationStream,
  bitsAt,
  drawIndices,
  type ElasticSettings,
  elasticCopier,
  majorElastic,
  minorElastic,
  type Shape,
  type Stream,
  substream,
} from '../../src/index.ts';

const shapes = fc.record({
  rows: fc.integer({ min: 1, max: 12 }),
  cols: fc.integer({ min: 1, max: 12 }),
  channels: fc.integer({ min: 1, max: 3 }),
});
const settings = fc.record({
  kernelSize: fc.constantFrom(1, 3, 5, 9),
  sigma: fc.double({ min: 0.5, max: 6, noNaN: true }),
  alpha: fc.double({ min: -30, max: 30, noNaN: true }),
});
const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('an elastic copy', () => {
  it('follows the definition written out pixel by pixel', () => {
    fc.assert(
      fc.property(shapes, settings, seeds, (shape, elastic, seed) => {
        const source = randomImage(shape, seed);
        const stream = augmentationStream(seed, 'minor');
        const { image, ambiguous } = byDefinition(source, shape, elastic, stream);
        const copy = elasticCopy(source, shape, elastic, stream);
        for (let i = 0; i < copy.length; i++) {
          if (!ambiguous[Math.floor(i / shape.channels)]) expect(copy[i]).toBe(image[i]);
        }
      }),
    );
  });

  it('is the image itself where alpha is 0', () => {
    fc.assert(
      fc.property(shapes, seeds, (shape, seed) => {
        const source = randomImage(shape, seed);
        const still = elasticCopy(
          source,
          shape,
          { ...minorElastic, alpha: 0 },
          augmentationStream(1, 'minor'),
        );
        expect(still).toEqual(source);
      }),
    );
  });

  it('moves all channels by the same fields', () => {
    fc.assert(
      fc.property(shapes, settings, seeds, (shape, elastic, seed) => {
        const source = randomImage(shape, seed);
        const stream = augmentationStream(seed, 'major');
        const together = elasticCopy(source, shape, elastic, stream);
        for (let channel = 0; channel < shape.channels; channel++) {
          const plane = (image: Uint8Array) => image.filter((_, i) => i % shape.channels === channel);
          const alone = elasticCopy(plane(source), { ...shape, channels: 1 }, elastic, stream);
          expect(plane(together)).toEqual(alone);
        }
      }),
    );
  });

  it('moves rows by the first field and columns by the second', () => {
    const shape = { rows: 1, cols: 3, channels: 1 };
    const tap = { kernelSize: 1, sigma: 1, alpha: 1 };
    const stream = streamWithDraws([0, 0, 0, 1, 0, -1]);
    expect(elasticCopy(Uint8Array.of(10, 20, 30), shape, tap, stream)).toEqual(Uint8Array.of(20, 20, 20));
    const away = streamWithDraws([1, 0, -1, 0, 0, 0]);
    expect(elasticCopy(Uint8Array.of(10, 20, 30), shape, tap, away)).toEqual(Uint8Array.of(0, 20, 0));
  });

  it('rounds the mean half to even', () => {
    const shape = { rows: 1, cols: 2, channels: 1 };
    const half = { kernelSize: 1, sigma: 1, alpha: 0.5 };
    const between = streamWithDraws([0, 0, 1, 0]);
    const first = (...pixels: number[]) => elasticCopy(Uint8Array.from(pixels), shape, half, between)[0];
    expect([first(1, 2), first(2, 3), first(3, 4), first(254, 255)]).toEqual([2, 2, 4, 254]);
  });

  it('keeps its bytes', () => {
    const shape = { rows: 28, cols: 28, channels: 1 };
    const digest = createHash('sha256');
    for (const [purpose, elastic] of [
      ['minor', minorElastic],
      ['major', majorElastic],
    ] as const) {
      for (let i = 0; i < 50; i++) {
        const stream = substream(augmentationStream(0, purpose), i, 0);
        digest.update(elasticCopy(randomImage(shape, i), shape, elastic, stream));
      }
    }
    expect(digest.digest('hex')).toBe('4ea75d1786748f44e77d1a18fd25d0e401c45b5134e9cfee8c78c11d6327f16a');
  });

  it('refuses settings that make no kernel', () => {
    const shape = { rows: 4, cols: 4, channels: 1 };
    expect(() => elasticCopier(shape, { ...minorElastic, kernelSize: 4 })).toThrow(
      'kernelSize is 4; expected an odd whole number',
    );
    expect(() => elasticCopier(shape, { ...minorElastic, sigma: 0 })).toThrow(
      'sigma is 0; expected a positive number',
    );
    expect(() => elasticCopier(shape, { ...minorElastic, alpha: Number.NaN })).toThrow(
      'alpha is NaN; expected a finite number',
    );
  });
});

describe('the Gaussian', () => {
  it('is exp(-x^2 / (2 sigma^2)) over its sum', () => {
    const { kernelSize, sigma } = majorElastic;
    const places = Array.from({ length: kernelSize }, (_, i) => Math.exp(-((i - 6) ** 2) / (2 * sigma ** 2)));
    const total = places.reduce((sum, weight) => sum + weight, 0);
    const shape = { rows: 1, cols: 1, channels: 1 };
    const source = Uint8Array.of(255);
    const share = (places[6]! / total) ** 2;
    const within = { kernelSize, sigma, alpha: 1e-13 / share };
    const stream = streamWithDraws([1, 0]);
    expect(elasticCopy(source, shape, within, stream)).toEqual(Uint8Array.of(128));
    const justBelowOne = { kernelSize, sigma, alpha: (1 - 1e-12) / share };
    const justAboveOne = { kernelSize, sigma, alpha: (1 + 1e-12) / share };
    expect(elasticCopy(source, shape, justBelowOne, stream)).toEqual(Uint8Array.of(128));
    expect(elasticCopy(source, shape, justAboveOne, stream)).toEqual(Uint8Array.of(0));
  });
});

describe('drawn indices', () => {
  it('are distinct, ascending, and from the range', () => {
    fc.assert(
      fc.property(fc.nat({ max: 60 }), fc.nat({ max: 60 }), seeds, (a, b, seed) => {
        const [count, from] = [Math.min(a, b), Math.max(a, b)];
        const drawn = [...drawIndices(count, from, augmentationStream(seed, 'selection'))];
        expect(drawn).toEqual([...new Set(drawn)].sort((x, y) => x - y));
        expect(drawn).toHaveLength(count);
        expect(drawn.every((index) => index < from)).toBe(true);
      }),
    );
  });

  it('take every index equally often', () => {
    const taken = new Uint32Array(10);
    for (let seed = 0; seed < 3000; seed++) {
      for (const index of drawIndices(4, 10, augmentationStream(seed, 'selection'))) taken[index]! += 1;
    }
    const chiSquared = taken.reduce((sum, times) => sum + (times - 1200) ** 2 / 1200, 0);
    expect(chiSquared).toBeLessThan(27.9);
  });

  it('are refused where there are too few', () => {
    expect(() => drawIndices(5, 4, augmentationStream(0, 'selection'))).toThrow(
      'cannot draw 5 without replacement from 4',
    );
  });
});

function elasticCopy(source: Uint8Array, shape: Shape, elastic: ElasticSettings, stream: Stream): Uint8Array {
  const target = new Uint8Array(source.length).fill(77);
  elasticCopier(shape, elastic)(source, target, stream);
  return target;
}

function randomImage({ rows, cols, channels }: Shape, seed: number): Uint8Array {
  const stream = substream({ key0: seed, key1: 9 }, 1);
  return Uint8Array.from({ length: rows * cols * channels }, (_, i) => bitsAt(stream, i) >>> 24);
}

function draw(stream: Stream, i: number): number {
  return Math.floor((3 * bitsAt(stream, i)) / 2 ** 32) - 1;
}

/** A stream whose first draws of a field are these. */
function streamWithDraws(wanted: readonly number[]): Stream {
  for (let key0 = 0; ; key0++) {
    const stream = { key0, key1: 0 };
    if (wanted.every((value, i) => draw(stream, i) === value)) return stream;
  }
}

/** The definition without its separable convolution; `ambiguous` where a displacement is nearly a whole number. */
function byDefinition(
  source: Uint8Array,
  { rows, cols, channels }: Shape,
  elastic: ElasticSettings,
  stream: Stream,
) {
  const half = (elastic.kernelSize - 1) / 2;
  const gauss = (dr: number, dc: number) => Math.exp(-(dr ** 2 + dc ** 2) / (2 * elastic.sigma ** 2));
  let total = 0;
  for (let dr = -half; dr <= half; dr++) for (let dc = -half; dc <= half; dc++) total += gauss(dr, dc);
  const displacement = (field: number, r: number, c: number) => {
    let sum = 0;
    for (let dr = -half; dr <= half; dr++) {
      for (let dc = -half; dc <= half; dc++) {
        const inside = r + dr >= 0 && r + dr < rows && c + dc >= 0 && c + dc < cols;
        if (inside) sum += gauss(dr, dc) * draw(stream, (field * rows + r + dr) * cols + c + dc);
      }
    }
    return (elastic.alpha * sum) / total;
  };
  const pixel = (r: number, c: number, channel: number) =>
    r >= 0 && r < rows && c >= 0 && c < cols ? source[(r * cols + c) * channels + channel]! : 0;
  const image = new Uint8Array(source.length);
  const ambiguous: boolean[] = [];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      const [row, col] = [r + displacement(0, r, c), c + displacement(1, r, c)];
      ambiguous.push([row, col].some((at) => Math.abs(at - Math.round(at)) < 1e-9));
      for (let channel = 0; channel < channels; channel++) {
        const corners = [Math.floor(row), Math.ceil(row)].flatMap((y) =>
          [Math.floor(col), Math.ceil(col)].map((x) => pixel(y, x, channel)),
        );
        const mean = corners.reduce((sum, value) => sum + value, 0) / 4;
        const floor = Math.floor(mean);
        const up = mean - floor > 0.5 || (mean - floor === 0.5 && floor % 2 === 1);
        image[(r * cols + c) * channels + channel] = up ? floor + 1 : floor;
      }
    }
  }
  return { image, ambiguous };
}
