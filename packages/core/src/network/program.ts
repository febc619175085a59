import type { Layer } from './layer.ts';
import type { Shape } from './shape.ts';

/**
 * A network lowered to the operations that trainers, engines and exporters walk: every layer of the language
 * becomes one op, but DSC (depthwise, pointwise) and R (two convolutions) become two. Nothing else in the
 * project interprets layer codes to compute.
 */
export interface Program {
  readonly layers: readonly Layer[];
  readonly input: Shape;
  readonly output: Shape;
  readonly ops: readonly Op[];
  /** Every parameter, in file order: the flat parameter vector is their concatenation. */
  readonly slots: readonly ParameterSlot[];
  /** Floats in the flat parameter vector (3003 for the reference network, log2 thresholds included). */
  readonly parameterCount: number;
}

export type ParameterKind = 'kernel' | 'bias' | 'weightThreshold' | 'biasThreshold' | 'activationThreshold';

/** A named run of the flat parameter vector, row-major in `shape` ([] for a scalar threshold). */
export interface ParameterSlot {
  readonly kind: ParameterKind;
  /** Index into `Program.layers`. */
  readonly layer: number;
  /** Index into `Program.ops`. */
  readonly op: number;
  readonly shape: readonly number[];
  /** First float in the flat parameter vector. */
  readonly offset: number;
  readonly length: number;
}

/** How an op's output is quantized once the network is quantized (in the float stage: not at all). */
export interface ActivationQuantizer {
  readonly bits: number;
  readonly signed: boolean;
  readonly rounding: 'half-even' | 'floor';
  /** The learned log2 threshold; null means a fixed scale of 1 (A alone). */
  readonly threshold: ParameterSlot | null;
}

interface OpBase {
  /** Index into `Program.layers`. */
  readonly layer: number;
  readonly input: Shape;
  readonly output: Shape;
}

interface WeightedSlots {
  readonly kernel: ParameterSlot;
  readonly bias: ParameterSlot;
  readonly weightBits: number;
  readonly biasBits: number;
  readonly weightThreshold: ParameterSlot;
  readonly biasThreshold: ParameterSlot;
}

export interface AveragePoolOp extends OpBase {
  readonly kind: 'average-pool';
  readonly pool: number;
  readonly quantizer: ActivationQuantizer;
}

export interface MaxPoolOp extends OpBase {
  readonly kind: 'max-pool';
  readonly pool: number;
}

/** Kernel shape [rows, cols, in, out]. */
export interface ConvolutionOp extends OpBase, WeightedSlots {
  readonly kind: 'convolution';
  readonly kernelRows: number;
  readonly kernelCols: number;
  readonly strideRows: number;
  readonly strideCols: number;
  /** Zeros added on every side: 0 is valid padding, R's 3x3 convolutions have 1. */
  readonly padding: number;
  readonly relu: boolean;
  /** For R's second convolution: the op whose input (the block's input) is added before ReLU; else null. */
  readonly skipFromInputOf: number | null;
  readonly quantizer: ActivationQuantizer;
}

/** Kernel shape [rows, cols, channels, multiplier]; output channel = channel * multiplier + m. No ReLU. */
export interface DepthwiseOp extends OpBase, WeightedSlots {
  readonly kind: 'depthwise';
  readonly kernelRows: number;
  readonly kernelCols: number;
  readonly strideRows: number;
  readonly strideCols: number;
  readonly multiplier: number;
  readonly quantizer: ActivationQuantizer;
}

/** Kernel shape [in, out]; the input is flattened row-major, channels last. */
export interface DenseOp extends OpBase, WeightedSlots {
  readonly kind: 'dense';
  readonly relu: boolean;
  readonly quantizer: ActivationQuantizer;
}

export interface DropoutOp extends OpBase {
  readonly kind: 'dropout';
  readonly rate: number;
}

/** Adds Gaussian noise in training (stddev > 0), then quantizes; Q is N without noise. */
export interface QuantizeOp extends OpBase {
  readonly kind: 'quantize';
  readonly stddev: number;
  readonly quantizer: ActivationQuantizer;
}

export type WeightedOp = ConvolutionOp | DepthwiseOp | DenseOp;
export type Op = AveragePoolOp | MaxPoolOp | WeightedOp | DropoutOp | QuantizeOp;
