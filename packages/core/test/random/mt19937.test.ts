import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { legacyGenerator } from '../../src/index.ts';

describe('legacyGenerator', () => {
  it.each([
    [0, [2357136044, 2546248239, 3071714933, 3626093760]],
    [1, [1791095845, 4282876139, 3093770124, 4005303368]],
    [12345, [3992670690, 3823185381, 1358822685, 561383553]],
    [0xffffffff, [419326371, 479346978, 3918654476, 2416749639]],
  ])("gives NumPy's words for seed %i", (seed, words) => {
    const generator = legacyGenerator(seed);
    expect(words.map(() => generator.nextWord())).toEqual(words);
  });

  it('gives the 10,000th word of the C++ standard for seed 5489', () => {
    const generator = legacyGenerator(5489);
    for (let i = 1; i < 10_000; i++) generator.nextWord();
    expect(generator.nextWord()).toBe(4123659995);
  });

  it.each([
    [0, 10, 10, [2, 8, 4, 9, 1, 6, 7, 3, 0, 5]],
    [1, 10, 10, [2, 9, 6, 4, 0, 3, 1, 7, 8, 5]],
    [0xffffffff, 10, 10, [6, 9, 5, 1, 8, 0, 7, 4, 2, 3]],
    [12345, 1000, 5, [144, 833, 270, 468, 962]],
  ])("draws NumPy's choice for seed %i, %i choose %i", (seed, population, size, drawn) => {
    expect([...legacyGenerator(seed).choice(population, size)]).toEqual(drawn);
  });

  it('goes on where the last choice ended', () => {
    const generator = legacyGenerator(7);
    expect([...generator.choice(700, 700)].slice(0, 8)).toEqual([595, 115, 424, 138, 236, 57, 235, 383]);
    expect([...generator.choice(6, 3)]).toEqual([4, 3, 5]);
  });

  it('draws each index at most once', () => {
    const sizes = fc.integer({ min: 1, max: 300 }).chain((n) => fc.tuple(fc.constant(n), fc.nat(n)));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), sizes, (seed, [population, size]) => {
        const drawn = legacyGenerator(seed).choice(population, size);
        expect(drawn.length).toBe(size);
        expect(new Set(drawn).size).toBe(size);
        expect(drawn.every((index) => index < population)).toBe(true);
      }),
    );
  });

  it('refuses seeds and sizes that NumPy refuses', () => {
    for (const seed of [-1, 1.5, 2 ** 32, Number.NaN])
      expect(() => legacyGenerator(seed)).toThrow(`seed is ${seed};`);
    expect(() => legacyGenerator(0).choice(0, 0)).toThrow('population is 0;');
    expect(() => legacyGenerator(0).choice(5, 6)).toThrow(
      'size is 6; expected a whole number from 0 to the population, 5',
    );
  });
});
