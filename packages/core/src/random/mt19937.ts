const stateWords = 624;
const middleWord = 397;

/**
 * NumPy's legacy generator, `numpy.random.RandomState(seed)`: the Mersenne Twister MT19937 (Matsumoto and
 * Nishimura, 1998) with the methods that reproduce its draws bit for bit.
 */
export interface LegacyGenerator {
  /** The next unsigned 32-bit word. */
  nextWord(): number;
  /** `choice(population, size, replace=False)`: the first `size` of a permutation of 0 to population - 1. */
  choice(population: number, size: number): Uint32Array;
}

/**
 * @param seed a whole number from 0 to 2^32 - 1
 * @throws RangeError
 */
export function legacyGenerator(seed: number): LegacyGenerator {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new RangeError(`seed is ${seed}; expected a whole number from 0 to 4294967295`);
  }
  const state = seededState(seed);
  let position = stateWords;

  function nextWord(): number {
    if (position === stateWords) {
      advance(state);
      position = 0;
    }
    return temper(state[position++]!);
  }

  /** Uniform from 0 to `maximum`, both included: words are masked and rejected. */
  function upTo(maximum: number): number {
    const mask = 0xffffffff >>> Math.clz32(maximum);
    for (;;) {
      const value = (nextWord() & mask) >>> 0;
      if (value <= maximum) return value;
    }
  }

  function choice(population: number, size: number): Uint32Array {
    if (!Number.isInteger(population) || population < 1 || population > 0xffffffff) {
      throw new RangeError(`population is ${population}; expected a whole number from 1 to 4294967295`);
    }
    if (!Number.isInteger(size) || size < 0 || size > population) {
      throw new RangeError(
        `size is ${size}; expected a whole number from 0 to the population, ${population}`,
      );
    }
    const order = Uint32Array.from({ length: population }, (_, index) => index);
    for (let i = population - 1; i > 0; i--) {
      const j = upTo(i);
      const held = order[i]!;
      order[i] = order[j]!;
      order[j] = held;
    }
    return order.slice(0, size);
  }

  return { nextWord, choice };
}

function seededState(seed: number): Uint32Array {
  const state = new Uint32Array(stateWords);
  state[0] = seed;
  for (let i = 1; i < stateWords; i++) {
    const previous = state[i - 1]!;
    state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
  }
  return state;
}

function advance(state: Uint32Array): void {
  for (let i = 0; i < stateWords; i++) {
    const next = state[(i + 1) % stateWords]!;
    const joined = (state[i]! & 0x80000000) | (next & 0x7fffffff);
    const twist = (next & 1) === 0 ? 0 : 0x9908b0df;
    state[i] = state[(i + middleWord) % stateWords]! ^ (joined >>> 1) ^ twist;
  }
}

function temper(word: number): number {
  let value = word ^ (word >>> 11);
  value ^= (value << 7) & 0x9d2c5680;
  value ^= (value << 15) & 0xefc60000;
  return (value ^ (value >>> 18)) >>> 0;
}
