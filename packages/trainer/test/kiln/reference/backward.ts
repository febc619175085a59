import {
  elements,
  levelRange,
  type Op,
  type Program,
  roundToLevel,
  type StageName,
  scaleOf,
} from '@bitkiln/core';
import { activeQuantizer } from './arithmetic.ts';
import { forEachWindow, kernelIndex, reducedChannels, sourceOf, type Trace } from './forward.ts';

const f = Math.fround;

/**
 * Gradients of one sample to the effective parameters, from the gradient to its logits. An activation
 * threshold's place gets the sum of gradient * (clip(r) - [r in range] s) with moving scales.
 */
export function backward(
  program: Program,
  stage: StageName,
  trace: Trace,
  logitGradient: Float64Array,
): Float32Array {
  const gradients = new Float32Array(program.parameterCount);
  const toMaps = program.ops.map((op) => new Float64Array(elements(op.input)));
  toMaps.push(Float64Array.from(logitGradient));
  for (let index = program.ops.length - 1; index >= 0; index--) {
    const op = program.ops[index]!;
    const gradient = toMaps[index + 1]!;
    const positions = positionsOf(program, index);
    activationGradient(op, stage, trace, index, { gradient, gradients, positions });
    parameterGradients(op, trace.values[index]!, { gradient, gradients, positions });
    const end = program.ops.findIndex((o) => o.kind === 'convolution' && o.skipFromInputOf === index);
    const skipped = end < 0 ? null : toMaps[end + 1]!;
    if (sumsByWindow(program, index))
      inputGradientByWindow(op, trace.effective, gradient, toMaps[index]!, positions);
    else inputGradient(op, trace, index, gradient, toMaps[index]!);
    if (skipped !== null)
      for (const [i, g] of skipped.entries()) toMaps[index]![i] = f(toMaps[index]![i]! + g);
  }
  return gradients;
}

interface Sums {
  readonly gradient: Float64Array;
  readonly gradients: Float32Array;
  /** Positions (row * cols + col) of the op's output in the order in which gradients are summed over them. */
  readonly positions: readonly number[];
}

/** An unpadded convolution of 3 or more channels right before max pooling of at least 2x2. */
function sumsByWindow(program: Program, index: number): boolean {
  const [op, next] = [program.ops[index]!, program.ops[index + 1]];
  if (op.kind !== 'convolution' || next?.kind !== 'max-pool') return false;
  return op.padding === 0 && op.input.channels >= 3 && next.pool >= 2;
}

/** Row-major; or window by window, row-major both over the windows and inside them. */
function positionsOf(program: Program, index: number): number[] {
  const { rows, cols } = program.ops[index]!.output;
  const positions = Array.from({ length: rows * cols }, (_, i) => i);
  const next = program.ops[index + 1];
  if (!sumsByWindow(program, index) || next?.kind !== 'max-pool') return positions;
  const { pool } = next;
  const window = (i: number) => Math.floor(i / cols / pool) * cols + Math.floor((i % cols) / pool);
  return positions.sort((a, b) => window(a) - window(b) || a - b);
}

function activationGradient(
  op: Op,
  stage: StageName,
  trace: Trace,
  index: number,
  { gradient, gradients, positions }: Sums,
): void {
  const exact = trace.exact[index + 1]!;
  const quantizer = activeQuantizer(op, stage);
  const relu = 'relu' in op && op.relu;
  const { channels } = op.output;
  let thresholdSum = 0;
  for (let channel = 0; channel < channels; channel++) {
    let channelSum = 0;
    for (const position of positions) {
      const at = position * channels + channel;
      const x = exact[at]!;
      let g = gradient[at]!;
      if (quantizer !== null) {
        const { qmax, lowest, highest } = levelRange(quantizer);
        const { threshold } = quantizer;
        const scale = scaleOf(threshold === null ? null : trace.parameters[threshold.offset]!);
        const steps = f(x * (qmax / scale));
        const level = roundToLevel(steps, quantizer);
        const inRange = level >= lowest && level <= highest;
        const error = f(Math.min(highest, Math.max(lowest, level)) - (inRange ? steps : 0));
        channelSum = f(channelSum + f(g * error));
        if (!inRange) g = 0;
      }
      gradient[at] = relu && !(x > 0) ? 0 : g;
    }
    thresholdSum = f(thresholdSum + channelSum);
  }
  const threshold = stage === 'movingScales' ? quantizer?.threshold : undefined;
  if (threshold) gradients[threshold.offset] = thresholdSum;
}

function parameterGradients(op: Op, x: Float64Array, { gradient, gradients, positions }: Sums): void {
  if (!('kernel' in op)) return;
  if (op.kind === 'dense') {
    for (let o = 0; o < gradient.length; o++) {
      gradients[op.bias.offset + o] = gradient[o]!;
      for (let i = 0; i < x.length; i++) {
        gradients[op.kernel.offset + i * gradient.length + o] = f(x[i]! * gradient[o]!);
      }
    }
    return;
  }
  const { cols, channels } = op.output;
  for (const position of positions) {
    const [row, col] = [Math.floor(position / cols), position % cols];
    for (let o = 0; o < channels; o++) {
      const g = gradient[position * channels + o]!;
      gradients[op.bias.offset + o]! += g;
      for (let kr = 0; kr < op.kernelRows; kr++) {
        for (let kc = 0; kc < op.kernelCols; kc++) {
          const source = sourceOf(op, { row, col, kr, kc });
          if (source === null) continue;
          for (const [input, kernel] of reducedChannels(op, o)) {
            gradients[kernelIndex(op, kr, kc) + kernel]! += f(x[source + input]! * g);
          }
        }
      }
    }
  }
}

function inputGradient(
  op: Op,
  trace: Trace,
  index: number,
  gradient: Float64Array,
  toInput: Float64Array,
): void {
  const x = trace.values[index]!;
  const w = trace.effective;
  switch (op.kind) {
    case 'dropout':
      for (const [i, g] of gradient.entries()) toInput[i] = f(g * (trace.factors[index]?.[i] ?? 1));
      return;
    case 'quantize':
      toInput.set(gradient);
      return;
    case 'max-pool':
      forEachWindow(op, (o, window) => {
        const largest = trace.values[index + 1]![o]!;
        toInput[window.find((i) => x[i] === largest)!] = gradient[o]!;
      });
      return;
    case 'average-pool':
      forEachWindow(op, (o, window) => {
        for (const i of window) toInput[i] = f(gradient[o]! / window.length);
      });
      return;
    case 'dense':
      for (let i = 0; i < toInput.length; i++) {
        let sum = 0;
        for (const [o, g] of gradient.entries()) {
          sum = f(sum + f(g * w[op.kernel.offset + i * gradient.length + o]!));
        }
        toInput[i] = sum;
      }
      return;
    default:
      collectInputGradient(op, w, gradient, toInput);
  }
}

/** For each input element: over kernel rows, then output channels, then kernel columns, ascending. */
function collectInputGradient(
  op: Extract<Op, { kind: 'convolution' | 'depthwise' }>,
  w: Float64Array,
  gradient: Float64Array,
  toInput: Float64Array,
): void {
  for (let kr = 0; kr < op.kernelRows; kr++) {
    for (let o = 0; o < op.output.channels; o++) {
      for (let kc = 0; kc < op.kernelCols; kc++) {
        for (let row = 0; row < op.output.rows; row++) {
          for (let col = 0; col < op.output.cols; col++) {
            const source = sourceOf(op, { row, col, kr, kc });
            if (source === null) continue;
            const g = gradient[(row * op.output.cols + col) * op.output.channels + o]!;
            for (const [input, kernel] of reducedChannels(op, o)) {
              const product = f(g * w[kernelIndex(op, kr, kc) + kernel]!);
              toInput[source + input] = f(toInput[source + input]! + product);
            }
          }
        }
      }
    }
  }
}

/** For each input element: over output channels, then kernel rows, then windows. */
function inputGradientByWindow(
  op: Op,
  w: Float64Array,
  gradient: Float64Array,
  toInput: Float64Array,
  positions: readonly number[],
): void {
  if (op.kind !== 'convolution') return;
  const { cols, channels } = op.output;
  for (let o = 0; o < channels; o++) {
    for (let kr = 0; kr < op.kernelRows; kr++) {
      for (const position of positions) {
        const g = gradient[position * channels + o]!;
        for (let kc = 0; kc < op.kernelCols; kc++) {
          const source = sourceOf(op, { row: Math.floor(position / cols), col: position % cols, kr, kc })!;
          for (const [input, kernel] of reducedChannels(op, o)) {
            const product = f(g * w[kernelIndex(op, kr, kc) + kernel]!);
            toInput[source + input] = f(toInput[source + input]! + product);
          }
        }
      }
    }
  }
}
