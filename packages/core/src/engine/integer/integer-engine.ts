import { elements } from '../../network/shape.ts';
import { classOf } from '../evaluate.ts';
import { requantize, saturate16 } from './arithmetic.ts';
import type { IntegerOp, IntegerProgram, IntegerWeightedOp, Requantization } from './integer-program.ts';
import { averagePool, convolve, convolveDepthwise, maxPool, multiply } from './kernels.ts';

/**
 * What the logits are: `sums`, the last layer's sums saturated to 16 bits, as on the chip; or `quantized`, put
 * through S's quantizer.
 */
export type IntegerLogits = 'sums' | 'quantized';

/** Runs an integer program, one image at a time. */
export interface IntegerEngine {
  /**
   * The logits of an image (8-bit pixels, row-major, channels last). The array is overwritten by the next call.
   * @throws RangeError where the image has another number of pixels
   */
  logits(image: Uint8Array): Int32Array;
  /** One unit of a logit. */
  readonly logitUnit: number;
  /** The output of every op for the image run last, the logits in the end; dropout's is its input. */
  readonly activations: readonly Int32Array[];
}

export interface IntegerResult {
  /** The first of the largest logits. */
  readonly class: number;
  readonly logits: Int32Array;
  /** The output of every op of the program, the logits in the end. */
  readonly activations: readonly Int32Array[];
}

/** Prepares an integer program for running over many images. */
export function createIntegerEngine(program: IntegerProgram, logits: IntegerLogits = 'sums'): IntegerEngine {
  const pixels = new Int32Array(elements(program.input));
  const activations: Int32Array[] = [];
  const inputOf = (op: number): Int32Array => activations[op - 1] ?? pixels;
  const last = program.ops.length - 1;
  const steps = program.ops.map((op, index) => {
    const input = inputOf(index);
    const output = op.kind === 'dropout' ? input : new Int32Array(elements(op.output));
    activations.push(output);
    const skip = op.kind === 'convolution' && op.skip !== null ? inputOf(op.skip.fromInputOf) : null;
    return createStep(op, { input, output, skip, saturate: index === last && logits === 'sums' });
  });
  return {
    activations,
    logitUnit: 2 ** logitUnitExponent(program, logits),
    logits(image) {
      if (image.length !== pixels.length) {
        throw new RangeError(`the image has ${image.length} pixels; expected ${pixels.length}`);
      }
      pixels.set(image);
      for (const step of steps) step();
      return inputOf(program.ops.length);
    },
  };
}

/** Runs one image (8-bit pixels, row-major, channels last) and keeps every activation. */
export function runInteger(
  program: IntegerProgram,
  image: Uint8Array,
  logits: IntegerLogits = 'sums',
): IntegerResult {
  const engine = createIntegerEngine(program, logits);
  const result = engine.logits(image);
  return { class: classOf(result), logits: result, activations: engine.activations };
}

function logitUnitExponent({ ops }: IntegerProgram, logits: IntegerLogits): number {
  const last = ops.at(-1)!;
  return logits === 'sums' && 'sumUnitExponent' in last
    ? last.sumUnitExponent
    : last.outputValues.unitExponent;
}

interface StepContext {
  readonly input: Int32Array;
  readonly output: Int32Array;
  /** What R's second convolution adds to its sum. */
  readonly skip: Int32Array | null;
  /** Whether the op gives its sums, clipped to 16 bits, rather than requantized levels. */
  readonly saturate: boolean;
}

/** An op as a function from its input buffer to its output buffer. */
function createStep(op: IntegerOp, context: StepContext): () => void {
  const { input, output } = context;
  switch (op.kind) {
    case 'average-pool':
      return () => averagePool(op, input, output);
    case 'max-pool':
      return () => maxPool(op, input, output);
    case 'dropout':
      return () => {};
    case 'quantize':
      return () => {
        output.set(input);
        requantizeAll(output, op.requantization, op.outputValues.midRise);
      };
    default:
      return createWeightedStep(op, context);
  }
}

function createWeightedStep(
  op: IntegerWeightedOp,
  { input, output, skip, saturate }: StepContext,
): () => void {
  const bias = op.bias.map((value) => value << op.biasShift);
  const skipShift = op.kind === 'convolution' && op.skip !== null ? op.skip.shift : 0;
  return () => {
    if (op.kind === 'convolution') convolve(op, input, output);
    else if (op.kind === 'depthwise') convolveDepthwise(op, input, output);
    else multiply(op, input, output);
    finishSums(output, op, bias, skip, skipShift);
    if (saturate) for (const [i, sum] of output.entries()) output[i] = saturate16(sum);
    else requantizeAll(output, op.requantization, op.outputValues.midRise);
  };
}

/** Aligns the products, adds bias and skipped input in their common unit, and clamps below at 0 for a ReLU. */
function finishSums(
  sums: Int32Array,
  { accumulatorShift, relu }: IntegerWeightedOp,
  bias: Int32Array,
  skip: Int32Array | null,
  skipShift: number,
): void {
  const channels = bias.length;
  for (let at = 0; at < sums.length; at += channels) {
    for (let channel = 0; channel < channels; channel++) {
      let sum = (sums[at + channel]! << accumulatorShift) + bias[channel]!;
      if (skip !== null) sum += skip[at + channel]! << skipShift;
      sums[at + channel] = relu && sum < 0 ? 0 : sum;
    }
  }
}

function requantizeAll(sums: Int32Array, requantization: Requantization, midRise: boolean): void {
  for (let i = 0; i < sums.length; i++) {
    const level = requantize(sums[i]!, requantization);
    sums[i] = midRise ? 2 * level + 1 : level;
  }
}
