import type { WeightedOp } from '@bitkiln/core';
import { elements } from '@bitkiln/core';
import { at, f32x4, type V128, v128 } from '../assembler/expression.ts';
import type { FunctionBuilder } from '../assembler/function-builder.ts';
import { emitActivation } from './activation.ts';
import type { KernelContext } from './context.ts';
import { type Correlation, emitCorrelation, lanes4 } from './correlation.ts';
import { forwardTaps, gradientTaps, type Tap } from './taps.ts';
import { emitWeightGradient } from './weight-gradient.ts';

const singleFloat = 4;

/** A weighted op as a grouped convolution; a dense op is a 1x1 one over a single position. */
interface Geometry {
  readonly groups: number;
  /** Input and output channels of each group. */
  readonly inputs: number;
  readonly outputs: number;
  readonly kernelRows: number;
  readonly kernelCols: number;
  readonly inputCols: number;
  readonly outputCols: number;
  readonly rows: { readonly forward: Tap[][]; readonly gradient: Tap[][] };
  readonly cols: { readonly forward: Tap[][]; readonly gradient: Tap[][] };
}

function weightedOpAt(context: KernelContext, index: number): WeightedOp {
  const op = context.program.ops[index]!;
  if (!('kernel' in op)) throw new TypeError(`op ${index} is ${op.kind}; expected one with weights`);
  return op;
}

function geometry(op: WeightedOp): Geometry {
  if (op.kind === 'dense') {
    const one = [[{ kernel: 0, source: 0 }]];
    const taps = { forward: one, gradient: one };
    const sizes = { kernelRows: 1, kernelCols: 1, inputCols: 1, outputCols: 1 };
    return {
      groups: 1,
      inputs: elements(op.input),
      outputs: op.output.channels,
      ...sizes,
      rows: taps,
      cols: taps,
    };
  }
  const axis = (input: number, output: number, kernel: number, stride: number) => {
    const window = { kernel, stride, padding: op.kind === 'convolution' ? op.padding : 0 };
    return { forward: forwardTaps(input, output, window), gradient: gradientTaps(input, output, window) };
  };
  const depthwise = op.kind === 'depthwise';
  return {
    groups: depthwise ? op.input.channels : 1,
    inputs: depthwise ? 1 : op.input.channels,
    outputs: depthwise ? op.multiplier : op.output.channels,
    kernelRows: op.kernelRows,
    kernelCols: op.kernelCols,
    inputCols: op.input.cols,
    outputCols: op.output.cols,
    rows: axis(op.input.rows, op.output.rows, op.kernelRows, op.strideRows),
    cols: axis(op.input.cols, op.output.cols, op.kernelCols, op.strideCols),
  };
}

/**
 * Convolutions use each weight at many positions and read them as vectors. Dense ops use each once a group: single
 * floats take a quarter of the cache.
 */
function weightStrides({ plan }: KernelContext, op: WeightedOp, g: Geometry) {
  const compact = op.kind === 'dense';
  const output = compact ? singleFloat : lanes4;
  const input = g.outputs * output;
  const group = g.inputs * input;
  const kernelCol = g.groups * group;
  return {
    compact,
    address: (compact ? plan.effective : plan.weights) + op.kernel.offset * output,
    input,
    output,
    group,
    kernelCol,
    kernelRow: g.kernelCols * kernelCol,
  };
}

/** The forward correlation of weighted op `index`: kernel and bias, the skip connection, ReLU, quantizer. */
export function forwardCorrelation(context: KernelContext, index: number): Omit<Correlation, 'finish'> {
  const op = weightedOpAt(context, index);
  const g = geometry(op);
  const { plan } = context;
  const { input, output, ...strides } = weightStrides(context, op, g);
  return {
    groups: g.groups,
    reduced: g.inputs,
    produced: g.outputs,
    source: { address: plan.maps[index]!.value, cols: g.inputCols, channels: g.groups * g.inputs },
    target: { address: plan.maps[index + 1]!.value, cols: g.outputCols, channels: g.groups * g.outputs },
    weights: { ...strides, reduced: input, produced: output },
    rowTaps: g.rows.forward,
    colTaps: g.cols.forward,
    rowTable: plan.forwardRows[index]!,
    multiplyAdd: context.multiplyAdd,
    start: (channelBytes, offset) =>
      v128.load(at(channelBytes, plan.weights + op.bias.offset * lanes4 + offset)),
  };
}

export function emitWeightedForward(f: FunctionBuilder, context: KernelContext, index: number): void {
  const op = weightedOpAt(context, index);
  const block = op.kind === 'convolution' ? op.skipFromInputOf : null;
  emitCorrelation(f, {
    ...forwardCorrelation(context, index),
    finish: (sum, element, offset) => {
      const skipped = block === null ? null : at(element, context.plan.maps[block]!.value + offset);
      const value = skipped === null ? sum : f32x4.add(sum, v128.load(skipped));
      emitActivation(f, context, index, f.let(value), element, offset);
    },
  });
}

/** The correlation that gives the gradient to op `index`'s input. */
export function gradientCorrelation(context: KernelContext, index: number): Omit<Correlation, 'finish'> {
  const op = weightedOpAt(context, index);
  const g = geometry(op);
  const { plan } = context;
  const { input, output, ...strides } = weightStrides(context, op, g);
  return {
    groups: g.groups,
    reduced: g.outputs,
    produced: g.inputs,
    source: { address: plan.maps[index + 1]!.gradient!, cols: g.outputCols, channels: g.groups * g.outputs },
    target: { address: plan.maps[index]!.gradient!, cols: g.inputCols, channels: g.groups * g.inputs },
    weights: { ...strides, reduced: output, produced: input },
    rowTaps: g.rows.gradient,
    colTaps: g.cols.gradient,
    rowTable: plan.gradientRows[index]!,
    multiplyAdd: context.multiplyAdd,
    start: () => f32x4.const(0),
  };
}

/** Gradient to the op's input; where a block's skip connection starts here, its gradient is added last. */
export function emitInputGradient(f: FunctionBuilder, context: KernelContext, index: number): void {
  const { program, plan } = context;
  const end = program.ops.findIndex((op) => op.kind === 'convolution' && op.skipFromInputOf === index);
  const skipGradient = end < 0 ? null : plan.maps[end + 1]!.gradient!;
  const c = gradientCorrelation(context, index);
  emitCorrelation(f, {
    ...c,
    finish: (sum, element, offset) => {
      const value: V128 =
        skipGradient === null ? sum : f32x4.add(sum, v128.load(at(element, skipGradient + offset)));
      f.storeVector(at(element, c.target.address + offset), value);
    },
  });
}

/** Adds the kernel's gradient, summed over the positions of this group quarter. */
export function emitKernelGradient(f: FunctionBuilder, context: KernelContext, index: number): void {
  const op = weightedOpAt(context, index);
  const g = geometry(op);
  const { plan } = context;
  emitWeightGradient(f, {
    groups: g.groups,
    reduced: g.inputs,
    produced: g.outputs,
    input: { address: plan.maps[index]!.value, cols: g.inputCols, channels: g.groups * g.inputs },
    error: { address: plan.maps[index + 1]!.gradient!, cols: g.outputCols, channels: g.groups * g.outputs },
    kernelRows: g.kernelRows,
    kernelCols: g.kernelCols,
    gradient: plan.gradients + op.kernel.offset * lanes4,
    rowTaps: g.rows.forward,
    colTaps: g.cols.forward,
    multiplyAdd: context.multiplyAdd,
  });
}
