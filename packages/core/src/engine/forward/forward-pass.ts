import type { Op, ParameterSlot, Program, WeightedOp } from '../../network/program.ts';
import { elements } from '../../network/shape.ts';
import { quantizeArray, scaleOf, weightQuantizer } from '../../quantization/quantizer.ts';
import { averagePool, convolve, convolveDepthwise, maxPool, multiply } from './kernels.ts';

/** `float`: every quantizer is the identity. `fake-quantized`: values are quantized, the arithmetic is not. */
export type ForwardNumerics = 'float' | 'fake-quantized';

/** A network ready to run in double precision, one image at a time. */
export interface ForwardPass {
  /**
   * The logits of an image (8-bit pixels, row-major, channels last; the network sees pixel / 256). Fake-quantized
   * logits went through S's quantizer. The array is overwritten by the next call.
   * @throws RangeError where the image has another number of pixels
   */
  logits(image: Uint8Array): Float64Array;
  /** The outputs of every op of the program for the image run last; dropout's is its input. */
  readonly outputs: readonly Float64Array[];
}

/**
 * Prepares a network for running. Sums of quantized values are exact in double precision wherever the integer
 * engine's 32-bit accumulators hold them, so fake-quantized outputs do not depend on the order of summation.
 * @param parameters the flat parameter vector, `program.parameterCount` floats
 */
export function createForwardPass(
  program: Program,
  parameters: Float32Array,
  numerics: ForwardNumerics,
): ForwardPass {
  const pixels = new Float64Array(elements(program.input));
  const outputs: Float64Array[] = [];
  const inputOf = (op: number): Float64Array => outputs[op - 1] ?? pixels;
  const steps = program.ops.map((op, index) => {
    const input = inputOf(index);
    const output = op.kind === 'dropout' ? input : new Float64Array(elements(op.output));
    outputs.push(output);
    const skip = 'skipFromInputOf' in op && op.skipFromInputOf !== null ? inputOf(op.skipFromInputOf) : null;
    return createStep(op, { parameters, numerics, input, output, skip });
  });
  return {
    outputs,
    logits(image) {
      if (image.length !== pixels.length) {
        throw new RangeError(`the image has ${image.length} pixels; expected ${pixels.length}`);
      }
      for (let i = 0; i < pixels.length; i++) pixels[i] = image[i]! / 256;
      for (const step of steps) step();
      return inputOf(program.ops.length);
    },
  };
}

interface StepContext {
  readonly parameters: Float32Array;
  readonly numerics: ForwardNumerics;
  readonly input: Float64Array;
  readonly output: Float64Array;
  /** What R's second convolution adds to its sum. */
  readonly skip: Float64Array | null;
}

/** An op as a function from its input buffer to its output buffer. */
function createStep(op: Op, context: StepContext): () => void {
  const compute = createSums(op, context);
  if (!('quantizer' in op) || context.numerics === 'float') return compute;
  const { quantizer } = op;
  const { output, parameters } = context;
  const scale = scaleOf(quantizer.threshold === null ? null : parameters[quantizer.threshold.offset]!);
  return () => {
    compute();
    quantizeArray(output, quantizer, scale, output);
  };
}

/** The op without its quantizer. */
function createSums(op: Op, context: StepContext): () => void {
  const { input, output } = context;
  switch (op.kind) {
    case 'average-pool':
      return () => averagePool(op, input, output);
    case 'max-pool':
      return () => maxPool(op, input, output);
    case 'dropout':
      return () => {};
    case 'quantize':
      return () => output.set(input);
    default:
      return createWeightedSums(op, context);
  }
}

function createWeightedSums(op: WeightedOp, context: StepContext): () => void {
  const { input, output, skip } = context;
  const kernel = weights(op.kernel, op.weightThreshold, op.weightBits, context);
  const bias = weights(op.bias, op.biasThreshold, op.biasBits, context);
  const relu = op.kind !== 'depthwise' && op.relu;
  return () => {
    if (op.kind === 'convolution') convolve(op, kernel, input, output);
    else if (op.kind === 'depthwise') convolveDepthwise(op, kernel, input, output);
    else multiply(op, kernel, input, output);
    finishSums(output, bias, skip, relu);
  };
}

/** Adds the bias of each output channel and the skipped input to the sums, then clamps them below at 0. */
function finishSums(sums: Float64Array, bias: Float64Array, skip: Float64Array | null, relu: boolean): void {
  const channels = bias.length;
  for (let at = 0; at < sums.length; at += channels) {
    for (let channel = 0; channel < channels; channel++) {
      let sum = sums[at + channel]! + bias[channel]!;
      if (skip !== null) sum += skip[at + channel]!;
      sums[at + channel] = relu && sum < 0 ? 0 : sum;
    }
  }
}

function weights(
  values: ParameterSlot,
  threshold: ParameterSlot,
  bits: number,
  { parameters, numerics }: StepContext,
): Float64Array {
  const floats = Float64Array.from(parameters.subarray(values.offset, values.offset + values.length));
  if (numerics === 'float') return floats;
  return quantizeArray(floats, weightQuantizer(bits), scaleOf(parameters[threshold.offset]!), floats);
}
