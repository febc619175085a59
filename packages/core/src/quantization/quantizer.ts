/** How numbers become levels; an op's `ActivationQuantizer` is one. `floor` is for unsigned levels alone. */
export interface UniformQuantizer {
  readonly bits: number;
  readonly signed: boolean;
  readonly rounding: 'half-even' | 'floor';
}

/** The levels that a quantizer can give, in steps of scale / qmax. */
export interface LevelRange {
  readonly qmax: number;
  readonly lowest: number;
  readonly highest: number;
  /** Signed with 2 bits or fewer: the levels are odd multiples of half a step, and there is none at 0. */
  readonly midRise: boolean;
}

/** The quantizer of kernels and biases. */
export function weightQuantizer(bits: number): UniformQuantizer {
  return { bits, signed: true, rounding: 'half-even' };
}

/** qmax = 2^(bits - 1) if signed, else 2^bits, and the levels it allows. */
export function levelRange({ bits, signed }: UniformQuantizer): LevelRange {
  const midRise = signed && bits <= 2;
  const qmax = 2 ** (signed ? bits - 1 : bits);
  const half = midRise ? 0.5 : 0;
  return { qmax, lowest: signed ? -qmax + half : 0, highest: qmax - 1 + half, midRise };
}

/** Rounds to the nearest integer, a tie to the even one. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest < 0.5) return below;
  if (rest > 0.5) return below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** The scale of a log2 threshold t: 2^round(t), a tie to even. 1 where there is none (layer A). */
export function scaleOf(log2Threshold: number | null): number {
  return log2Threshold === null ? 1 : 2 ** roundHalfEven(log2Threshold);
}

/**
 * The level before clipping of s = x qmax / scale: s rounded half to even, or down, or (mid-rise) down to the
 * half above. A scale is a power of two, so s is exact and any correctly rounding arithmetic, single precision
 * included, finds the same level, but where s underflows (a mid-rise level then loses the sign of x).
 */
export function roundToLevel(s: number, quantizer: UniformQuantizer): number {
  if (quantizer.rounding === 'floor') return Math.floor(s);
  return quantizer.signed && quantizer.bits <= 2 ? Math.floor(s) + 0.5 : roundHalfEven(s);
}

/** The level of one number, in steps of scale / qmax. */
export function levelOf(x: number, quantizer: UniformQuantizer, scale: number): number {
  const { qmax, lowest, highest } = levelRange(quantizer);
  const level = roundToLevel((x * qmax) / scale, quantizer);
  return Math.min(Math.max(level, lowest), highest);
}

/** One number quantized: its level times scale / qmax. */
export function quantize(x: number, quantizer: UniformQuantizer, scale: number): number {
  return (levelOf(x, quantizer, scale) * scale) / levelRange(quantizer).qmax;
}

/** Quantizes every number of `x` into `out` (by default in a new array), which may be `x` itself. */
export function quantizeArray<T extends Float32Array | Float64Array>(
  x: T,
  quantizer: UniformQuantizer,
  scale: number,
  out: T = x.slice() as T,
): T {
  const { qmax, lowest, highest } = levelRange(quantizer);
  const toSteps = qmax / scale;
  const step = scale / qmax;
  for (let i = 0; i < x.length; i++) {
    const level = roundToLevel(x[i]! * toSteps, quantizer);
    out[i] = Math.min(Math.max(level, lowest), highest) * step;
  }
  return out;
}
