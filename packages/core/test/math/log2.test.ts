import { expect, it } from 'vitest';
import { log2 } from '../../src/math/log2.ts';

it('log2 agrees with Math.log2 and is exact for powers of two', () => {
  for (let exponent = -300; exponent <= 300; exponent++) {
    expect(log2(2 ** exponent)).toBe(exponent);
    for (const m of [1.0000001, 1.1, Math.SQRT2, 1.5, 1.9999999]) {
      const x = m * 2 ** exponent;
      expect(Math.abs(log2(x) - Math.log2(x))).toBeLessThan(1e-15 * Math.max(1, Math.abs(exponent)));
    }
  }
});
