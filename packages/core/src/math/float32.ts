/**
 * Elementary functions in single precision, by our own polynomials: every step is one correctly rounded IEEE
 * operation, so that any engine, and any SIMD or GPU implementation of the same steps, gives the same bits.
 * (Math.exp and its kin differ between engine versions.) The coefficients are minimax fits for the intervals
 * that the range reductions leave.
 */
const f = Math.fround;

/** e^r = 1 + r + r^2 P(r) for |r| <= ln(2) / 2, P's coefficients from the constant up. */
export const expCoefficients: readonly number[] = [
  0.4999999403953552, 0.1666652113199234, 0.04166838899254799, 0.00836874544620514, 0.0013814539415761828,
];

/** ln(1 + m) = m - m^2 / 2 + m^3 P(m) for 1 + m in [sqrt(1/2), sqrt(2)]. */
export const logCoefficients: readonly number[] = [
  0.3333333134651184, -0.2500081956386566, 0.20001226663589478, -0.16623356938362122, 0.14201757311820984,
  -0.13160184025764465, 0.127615824341774, -0.07634497433900833,
];

/** sin(2 pi q) = q P(q^2) for |q| <= 1/4. */
export const sinCoefficients: readonly number[] = [
  6.2831854820251465, -41.341678619384766, 81.60223388671875, -76.57498931884766, 39.710906982421875,
];

/** ln 2 = high + low, where high has 9 significant bits so that its multiples by an exponent are exact. */
export const ln2 = { high: 0.693359375, low: -0.00021219444170128554, inverse: 1.4426950216293335 } as const;

/** Below this `exp32` gives 0 and above its negation it clamps: inside, 2^n needs no subnormals. */
export const expLimit = -87;

const word = new Int32Array(1);
const single = new Float32Array(word.buffer);

/** A float's bits as a signed integer. */
export function floatBits(x: number): number {
  single[0] = x;
  return word[0]!;
}

/** The float with these bits. */
export function floatFromBits(bits: number): number {
  word[0] = bits;
  return single[0]!;
}

/** Round half to even, for |x| < 2^22: what f32x4.nearest gives. */
export function nearest32(x: number): number {
  const shift = 12582912;
  return f(f(x + shift) - shift);
}

/** P(x) by Horner's rule, single precision, multiply and add rounded separately. */
function horner(coefficients: readonly number[], x: number): number {
  let sum = coefficients[coefficients.length - 1]!;
  for (let i = coefficients.length - 2; i >= 0; i--) sum = f(f(sum * x) + coefficients[i]!);
  return sum;
}

/** e^x in single precision, relative error below 2e-7; x is clamped to [-87, 87] and below -87 gives 0. */
export function exp32(x: number): number {
  if (x < expLimit) return 0;
  const clamped = Math.min(f(x), -expLimit);
  const n = nearest32(f(clamped * ln2.inverse));
  const r = f(f(clamped - f(n * ln2.high)) - f(n * ln2.low));
  const power = f(f(f(f(r * r) * horner(expCoefficients, r)) + r) + 1);
  return f(power * floatFromBits((n + 127) << 23));
}

/** ln x in single precision for positive normal x, absolute error below 1e-7 max(1, |ln x|). */
export function log32(x: number): number {
  const bits = floatBits(x);
  const exponent = (bits - 0x3f3504f3) >> 23;
  const m = f(floatFromBits(bits - (exponent << 23)) - 1);
  const square = f(m * m);
  const tail = f(f(f(m * square) * horner(logCoefficients, m)) - f(square * 0.5));
  return f(f(f(tail + f(exponent * ln2.low)) + m) + f(exponent * ln2.high));
}

/** cos(2 pi v) in single precision for v in [0, 1), absolute error below 3e-7. */
export function cosTurns32(v: number): number {
  const q = f(Math.abs(f(v - 0.5)) - 0.25);
  return f(q * horner(sinCoefficients, f(q * q)));
}
