import type { Layer } from '../../network/layer.ts';
import type { Shape } from '../../network/shape.ts';

/**
 * A quantized network as integers and shifts alone: what the integer engine runs and exporters print. Its ops
 * stand one for one beside the `Program`'s.
 */
export interface IntegerProgram {
  readonly layers: readonly Layer[];
  readonly input: Shape;
  readonly output: Shape;
  readonly ops: readonly IntegerOp[];
}

/** Integers that stand for values in units of 2^unitExponent. */
export interface IntegerValues {
  readonly bits: number;
  readonly signed: boolean;
  /** Signed with 2 bits or fewer: the odd integers from `lowest` to `highest`. */
  readonly midRise: boolean;
  readonly lowest: number;
  readonly highest: number;
  readonly unitExponent: number;
}

/**
 * From a sum to an activation: level = sum / 2^rightShift, rounded half to even, or down where the output is
 * mid-rise, and clipped to [lowest, highest]. A mid-rise output is 2 level + 1; any other is the level.
 */
export interface Requantization {
  /** Negative: a left shift, of at most 16. At 32 (it stands for more, too) half-even rounding always gives 0. */
  readonly rightShift: number;
  readonly rounding: 'half-even' | 'floor';
  readonly lowest: number;
  readonly highest: number;
}

interface IntegerOpBase {
  /** Index into `IntegerProgram.layers`. */
  readonly layer: number;
  readonly input: Shape;
  readonly output: Shape;
  readonly inputValues: IntegerValues;
  readonly outputValues: IntegerValues;
}

/** min(highest, floor(max(0, sum of the square) / 2^rightShift / pool^2)); a negative shift goes left. */
export interface IntegerAveragePool extends IntegerOpBase {
  readonly kind: 'average-pool';
  readonly pool: number;
  readonly rightShift: number;
}

export interface IntegerMaxPool extends IntegerOpBase {
  readonly kind: 'max-pool';
  readonly pool: number;
}

/** Changes nothing: its output is its input. */
export interface IntegerDropout extends IntegerOpBase {
  readonly kind: 'dropout';
}

export interface IntegerQuantize extends IntegerOpBase {
  readonly kind: 'quantize';
  readonly requantization: Requantization;
}

/**
 * sum = (products of inputs and kernel) << accumulatorShift + bias << biasShift (+ skipped input << skip.shift),
 * clamped below at 0 where there is a ReLU, in units of 2^sumUnitExponent. No sum, of these parts in any order
 * or of products alone, leaves [lowestSum, highestSum], which lies within 32 bits.
 */
interface IntegerWeighted extends IntegerOpBase {
  /** Row-major in `kernelShape`, of `weightBits` bits; the odd integers for 2 bits or fewer. */
  readonly kernel: Int32Array;
  readonly kernelShape: readonly number[];
  readonly weightBits: number;
  readonly bias: Int32Array;
  readonly biasBits: number;
  readonly accumulatorShift: number;
  readonly biasShift: number;
  readonly relu: boolean;
  readonly sumUnitExponent: number;
  readonly lowestSum: number;
  readonly highestSum: number;
  readonly requantization: Requantization;
}

export interface IntegerConvolution extends IntegerWeighted {
  readonly kind: 'convolution';
  readonly kernelRows: number;
  readonly kernelCols: number;
  readonly strideRows: number;
  readonly strideCols: number;
  /** Zeros added on every side. */
  readonly padding: number;
  /** R's second convolution adds the input of the block's first op. */
  readonly skip: { readonly fromInputOf: number; readonly shift: number } | null;
}

/** Output channel = channel * multiplier + m. */
export interface IntegerDepthwise extends IntegerWeighted {
  readonly kind: 'depthwise';
  readonly kernelRows: number;
  readonly kernelCols: number;
  readonly strideRows: number;
  readonly strideCols: number;
  readonly multiplier: number;
}

export interface IntegerDense extends IntegerWeighted {
  readonly kind: 'dense';
}

export type IntegerWeightedOp = IntegerConvolution | IntegerDepthwise | IntegerDense;
export type IntegerOp =
  | IntegerAveragePool
  | IntegerMaxPool
  | IntegerDropout
  | IntegerQuantize
  | IntegerWeightedOp;
