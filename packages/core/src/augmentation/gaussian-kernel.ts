/**
 * The weights of a centred one-dimensional Gaussian, exp(-x^2 / (2 sigma^2)) at the whole numbers x from
 * -(size - 1) / 2, normalized to a sum of 1 (within 2e-16 a tap). The outer product of it with itself is the
 * normalized two-dimensional Gaussian.
 * @throws RangeError where size is no odd whole number or sigma is not positive.
 */
export function gaussianKernel(size: number, sigma: number): Float64Array {
  if (!Number.isInteger(size) || size < 1 || size % 2 === 0) {
    throw new RangeError(`kernelSize is ${size}; expected an odd whole number`);
  }
  if (!(sigma > 0 && Number.isFinite(sigma))) {
    throw new RangeError(`sigma is ${sigma}; expected a positive number`);
  }
  const half = (size - 1) / 2;
  const weights = Float64Array.from({ length: size }, (_, i) => gaussianAt((i - half) / sigma));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/**
 * exp(-t^2 / 2) in double precision with the basic operations alone, because Math.exp differs between engine
 * versions: the argument is halved until it is below 1/16, where ten terms of the Taylor series leave less than
 * 1e-19, and the result squared as often. Relative error below 1e-14 for |t| <= 6.
 */
function gaussianAt(t: number): number {
  let x = -(t * t) / 2;
  let halvings = 0;
  while (x < -1 / 16) {
    x /= 2;
    halvings++;
  }
  let sum = 1;
  for (let n = 10; n > 0; n--) sum = 1 + (x * sum) / n;
  for (let i = 0; i < halvings; i++) sum *= sum;
  return sum;
}
