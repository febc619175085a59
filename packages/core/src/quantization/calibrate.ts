import { createForwardPass } from '../engine/forward/forward-pass.ts';
import { log2 } from '../math/log2.ts';
import type { ParameterSlot, Program, WeightedOp } from '../network/program.ts';
import { elements } from '../network/shape.ts';
import { percentileMagnitude } from './percentile.ts';

/** How many validation images, those lowest in index, calibration looks at. */
export const calibrationImages = 128;
/** Scales reach to this percentile from below and from above. */
const scalePercentile = 2;

/**
 * The start of the quantized stages: kernels and biases copied from a float network, and the log2 thresholds of
 * scales that cover them and the activations. The weight scale is the larger magnitude of the 2nd and 98th
 * percentile of the kernel; the bias scale is 2 (0.1 + max |bias|); the activation scale is the same percentiles'
 * of the layer's output in the float network, over its positive values alone where none is negative. Both of
 * R's activation scales come from the block's output. N and Q stay at 0, and so does the threshold of a scale
 * that comes out as 0 (a dead layer, a kernel of zeros): every scale quantizes zeros alike.
 * @param parameters the flat parameter vector of the float network; it is not changed
 * @param images the validation images in ascending index; the first 128 are used
 */
export function calibrate(program: Program, parameters: Float32Array, images: Uint8Array): Float32Array {
  const outputs = floatOutputs(program, parameters, images);
  const calibrated = parameters.slice();
  const setScale = (threshold: ParameterSlot, scale: number): void => {
    calibrated[threshold.offset] = scale > 0 ? log2(scale) : 0;
  };
  for (const op of program.ops) {
    if (op.kind === 'quantize') setScale(op.quantizer.threshold!, 1);
    if (!('kernel' in op)) continue;
    const kernel = slice(parameters, op.kernel);
    const bias = slice(parameters, op.bias);
    setScale(op.weightThreshold, percentileMagnitude(kernel, scalePercentile));
    setScale(op.biasThreshold, 2 * (0.1 + bias.reduce((most, value) => Math.max(most, Math.abs(value)), 0)));
    const output = outputs[blockEnd(program, op)]!;
    const negative = output.some((value) => value < 0);
    setScale(
      op.quantizer.threshold!,
      percentileMagnitude(negative ? output : output.filter((value) => value > 0), scalePercentile),
    );
  }
  return calibrated;
}

/** The op whose output decides the activation scale of `op`: the end of the block for R, else itself. */
function blockEnd(program: Program, op: WeightedOp): number {
  const index = program.ops.indexOf(op);
  const next = program.ops[index + 1];
  return next?.kind === 'convolution' && next.skipFromInputOf === index ? index + 1 : index;
}

function slice(parameters: Float32Array, { offset, length }: ParameterSlot): Float32Array {
  return parameters.subarray(offset, offset + length);
}

/** Every op's outputs over the calibration images, one after the other. */
function floatOutputs(program: Program, parameters: Float32Array, images: Uint8Array): Float64Array[] {
  const size = elements(program.input);
  const count = Math.min(calibrationImages, Math.floor(images.length / size));
  if (count === 0) {
    throw new RangeError(`calibration got ${images.length} pixels; expected at least one image of ${size}`);
  }
  const pass = createForwardPass(program, parameters, 'float');
  const collected = program.ops.map((op) => new Float64Array(count * elements(op.output)));
  for (let i = 0; i < count; i++) {
    pass.logits(images.subarray(i * size, (i + 1) * size));
    for (const [op, output] of pass.outputs.entries()) collected[op]!.set(output, i * output.length);
  }
  return collected;
}
