import { bitsAt, classOf, createForwardPass, lowerNetwork, parseNetwork } from '@bitkiln/core';
import { describe, expect, it } from 'vitest';
import { classifyImages, initialParameters } from '../src/index.ts';

const shape = { rows: 8, cols: 8, channels: 2 };
const network = 'C(4,3x3) M(2) D(0.5) F(9) N(0.3,4) S(5)';
const imagesOf = (count: number) => ({
  images: Uint8Array.from({ length: count * 128 }, (_, i) => bitsAt({ key0: 3, key1: 4 }, i) >>> 24),
  count,
});

describe('classifyImages', () => {
  it.each(['float', 'movingScales'] as const)('gives the classes of the forward pass, %s', async (stage) => {
    const program = lowerNetwork(parseNetwork(network), shape);
    const parameters = initialParameters(program, 5, 0);
    const set = imagesOf(401);
    const classes = await classifyImages(program, stage, parameters, set);
    const forward = createForwardPass(program, parameters, stage === 'float' ? 'float' : 'fake-quantized');
    const expected = Array.from({ length: set.count }, (_, i) =>
      classOf(forward.logits(set.images.subarray(i * 128, (i + 1) * 128))),
    );
    expect([...classes]).toEqual(expected);
    expect(new Set(expected).size).toBeGreaterThan(2);
  });

  it('stops when it is told to, and tells how far it is', async () => {
    const program = lowerNetwork(parseNetwork(network), shape);
    const parameters = initialParameters(program, 5, 0);
    const stop = new AbortController();
    const seen: number[] = [];
    const onProgress = (done: number) => {
      seen.push(done);
      if (seen.length === 2) stop.abort();
    };
    const running = classifyImages(program, 'float', parameters, imagesOf(20_000), {
      signal: stop.signal,
      onProgress,
    });
    await expect(running).rejects.toThrow('aborted');
    expect(seen).toEqual([4096, 8192]);
  });

  it('refuses fewer pixels than it was promised', async () => {
    const program = lowerNetwork(parseNetwork(network), shape);
    const short = { images: new Uint8Array(100), count: 1 };
    await expect(classifyImages(program, 'float', initialParameters(program, 5, 0), short)).rejects.toThrow(
      'images has 100 bytes; expected 1 images of 8x8x2',
    );
  });
});
