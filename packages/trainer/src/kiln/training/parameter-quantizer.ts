import {
  levelRange,
  type ParameterSlot,
  type Program,
  quantizeArray,
  type StageName,
  scaleOf,
  thresholdGradient,
  type UniformQuantizer,
  weightQuantizer,
} from '@bitkiln/core';

/** Turns the trained parameters of one stage into those that the network computes with, and gradients back. */
export interface ParameterQuantizer {
  /** Writes the effective parameters: in the quantized stages, kernels and biases on their grids. */
  quantize(parameters: Float32Array, effective: Float32Array): void;
  /**
   * Turns the gradients to the effective parameters, in place, into those to the trained ones: 0 where a value
   * was clipped, and the thresholds' own. An activation threshold's holds the sum of gradient * (clip(r) - s)
   * before.
   */
  propagate(parameters: Float32Array, gradients: Float32Array): void;
}

/** A kernel or bias with its quantizer and the place of its scale's threshold. */
interface QuantizedSlot {
  readonly slot: ParameterSlot;
  readonly quantizer: UniformQuantizer;
  readonly threshold: number;
}

function quantizedSlots(program: Program): QuantizedSlot[] {
  return program.ops.flatMap((op) =>
    'kernel' in op
      ? [
          {
            slot: op.kernel,
            quantizer: weightQuantizer(op.weightBits),
            threshold: op.weightThreshold.offset,
          },
          { slot: op.bias, quantizer: weightQuantizer(op.biasBits), threshold: op.biasThreshold.offset },
        ]
      : [],
  );
}

export function createParameterQuantizer(program: Program, stage: StageName): ParameterQuantizer {
  if (stage === 'float') {
    return { quantize: (parameters, effective) => effective.set(parameters), propagate: () => {} };
  }
  const slots = quantizedSlots(program);
  const moving = stage === 'movingScales';
  return {
    quantize(parameters, effective) {
      effective.set(parameters);
      for (const { slot, quantizer, threshold } of slots) {
        const values = effective.subarray(slot.offset, slot.offset + slot.length);
        quantizeArray(values, quantizer, scaleOf(parameters[threshold]!), values);
      }
    },
    propagate(parameters, gradients) {
      for (const { slot, quantizer, threshold } of slots) {
        const [start, end] = [slot.offset, slot.offset + slot.length];
        const scale = scaleOf(parameters[threshold]!);
        const sum = straightThrough(
          parameters.subarray(start, end),
          gradients.subarray(start, end),
          quantizer,
          scale,
        );
        gradients[threshold] = moving ? thresholdGradient(sum, scale) : 0;
      }
      for (const op of program.ops) {
        if (!('quantizer' in op) || op.quantizer.threshold === null) continue;
        const { offset } = op.quantizer.threshold;
        const scale = scaleOf(parameters[offset]!);
        const steps = levelRange(op.quantizer).qmax;
        gradients[offset] = moving ? thresholdGradient(gradients[offset]! / steps, scale) : 0;
      }
    },
  };
}

/** Adding and taking away 1.5 * 2^52 rounds a smaller double to the nearest whole number, a tie to the even one. */
const roundingShift = 1.5 * 2 ** 52;

/**
 * Sets the gradients of clipped values to 0, in place, and gives the gradient to the scale: core's
 * `quantizerGradients` as one loop over doubles, since it runs over every parameter in every batch.
 */
function straightThrough(
  values: Float32Array,
  gradients: Float32Array,
  quantizer: UniformQuantizer,
  scale: number,
): number {
  const { qmax, lowest, highest, midRise } = levelRange(quantizer);
  const toSteps = qmax / scale;
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const steps = values[i]! * toSteps;
    const level = midRise ? Math.floor(steps) + 0.5 : steps + roundingShift - roundingShift;
    if (level < lowest) {
      sum += gradients[i]! * (lowest / qmax);
      gradients[i] = 0;
    } else if (level > highest) {
      sum += gradients[i]! * (highest / qmax);
      gradients[i] = 0;
    } else {
      sum += gradients[i]! * ((level - steps) / qmax);
    }
  }
  return sum;
}
