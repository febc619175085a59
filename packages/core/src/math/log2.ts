const terms = 14;

/**
 * log2 x of a positive normal number in double precision, relative error below 1e-15 (absolute near x = 1), by
 * +, -, * and / alone: Math.log2 may differ from engine to engine. x = 2^e m with m in [sqrt(1/2), sqrt(2)), and
 * ln m = 2 artanh((m - 1) / (m + 1)) as a power series.
 */
export function log2(x: number): number {
  let m = x;
  let exponent = 0;
  for (; m >= Math.SQRT2; exponent++) m *= 0.5;
  for (; m < Math.SQRT1_2; exponent--) m *= 2;
  const s = (m - 1) / (m + 1);
  const square = s * s;
  let sum = 0;
  for (let k = terms; k >= 0; k--) sum = sum * square + 1 / (2 * k + 1);
  return exponent + 2 * s * sum * Math.LOG2E;
}
