import { levelRange, type UniformQuantizer } from '@bitkiln/core';
import * as tf from '@tensorflow/tfjs-core';
import { sumAll } from './reduce.ts';
import { withGradient } from './with-gradient.ts';

/** How a tensor is quantized in one step of training. */
export interface QuantizeSettings {
  readonly quantizer: UniformQuantizer;
  /** 2^round(t) of the log2 threshold, or 1 where there is none. */
  readonly scale: number;
  /** The log2 threshold as a scalar if it is to get a gradient (moving scales), else null. */
  readonly threshold: tf.Tensor | null;
  /** A ReLU comes before the quantizer. */
  readonly relu: boolean;
}

/**
 * Quantizes x, after a ReLU if asked for. The gradient to x is straight through where the level lies in its
 * range, ends included (and x is positive, with a ReLU); that to the threshold is the scale's,
 * (clip(r) - [r in range] s) / qmax summed over x, times ln 2 * 2^round(t).
 */
export function quantize<T extends tf.Tensor>(x: T, settings: QuantizeSettings): T {
  const { quantizer, scale, threshold, relu } = settings;
  const { qmax } = levelRange(quantizer);
  return withGradient<T>(
    threshold === null ? [x] : [x, threshold],
    () => {
      const scaled = tf.mul(x, qmax / scale);
      const steps = relu ? tf.relu(scaled) : scaled;
      return { value: tf.mul(levelsOf(steps, quantizer).clipped, scale / qmax) as T, saved: [steps] };
    },
    (dy, [steps]) => {
      const levels = levelsOf(steps!, quantizer);
      const mask = passes(steps!, levels, relu);
      const input = tf.mul(dy, mask);
      if (threshold === null) return [input];
      const slopes = tf.sub(levels.clipped, tf.mul(mask, steps!));
      return [input, tf.mul(sumAll(tf.mul(dy, slopes)), (Math.LN2 * scale) / qmax)];
    },
  );
}

interface Levels {
  readonly rounded: tf.Tensor;
  readonly clipped: tf.Tensor;
}

function levelsOf(steps: tf.Tensor, quantizer: UniformQuantizer): Levels {
  const { lowest, highest, midRise } = levelRange(quantizer);
  const down = midRise || quantizer.rounding === 'floor';
  const whole = down ? tf.floor(steps) : tf.round(steps);
  const rounded = midRise ? tf.add(whole, 0.5) : whole;
  return { rounded, clipped: tf.clipByValue(rounded, lowest, highest) };
}

/**
 * 1 where the gradient passes straight through, else 0. Written with arithmetic: comparisons and selections are
 * some twenty times slower in the wasm backend.
 */
function passes(steps: tf.Tensor, { rounded, clipped }: Levels, relu: boolean): tf.Tensor {
  const outside = tf.step(tf.abs(tf.sub(rounded, clipped)));
  return relu ? tf.sub(tf.step(steps), outside) : tf.sub(1, outside);
}
