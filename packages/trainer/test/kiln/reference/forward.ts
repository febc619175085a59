import {
  type ConvolutionOp,
  type DepthwiseOp,
  elements,
  type Op,
  type Program,
  type Shape,
  type StageName,
  weightQuantizer,
} from '@bitkiln/core';
import { type Arithmetic, activeQuantizer } from './arithmetic.ts';

type Values = Float64Array<ArrayBuffer>;

/** One sample's maps: `values[i + 1]` is op i's output, `exact[i + 1]` the same before its quantizer. */
export interface Trace {
  readonly parameters: Values;
  readonly effective: Values;
  readonly values: Values[];
  readonly exact: Values[];
  readonly factors: (Float32Array | null)[];
}

/** What dropout multiplies by, or noise adds, at op `index` for this sample; null outside training. */
export type Draws = ((op: Op, index: number) => Float32Array) | null;

/** Kernels and biases as the network computes with them. */
export function effectiveParameters(
  program: Program,
  stage: StageName,
  parameters: Values,
  a: Arithmetic,
): Values {
  const effective = parameters.slice();
  if (stage === 'float') return effective;
  for (const op of program.ops) {
    if (!('kernel' in op)) continue;
    for (const [slot, threshold, bits] of [
      [op.kernel, op.weightThreshold, op.weightBits],
      [op.bias, op.biasThreshold, op.biasBits],
    ] as const) {
      const scale = a.scale(parameters[threshold.offset]!, threshold);
      for (let i = slot.offset; i < slot.offset + slot.length; i++) {
        effective[i] = a.quantize(parameters[i]!, weightQuantizer(bits), scale, `parameter ${i}`);
      }
    }
  }
  return effective;
}

/** Where an output position reads with a kernel place; null outside the input. */
export function sourceOf(
  op: ConvolutionOp | DepthwiseOp,
  at: { row: number; col: number; kr: number; kc: number },
): number | null {
  const padding = op.kind === 'convolution' ? op.padding : 0;
  const row = at.row * op.strideRows - padding + at.kr;
  const col = at.col * op.strideCols - padding + at.kc;
  if (row < 0 || row >= op.input.rows || col < 0 || col >= op.input.cols) return null;
  return (row * op.input.cols + col) * op.input.channels;
}

export function forward(
  program: Program,
  stage: StageName,
  { parameters, effective }: { parameters: Values; effective: Values },
  image: Values,
  draws: Draws,
  a: Arithmetic,
): Trace {
  const trace: Trace = { parameters, effective, values: [image], exact: [image], factors: [] };
  for (const [index, op] of program.ops.entries()) {
    const drawn =
      op.kind === 'dropout' || (op.kind === 'quantize' && op.stddev > 0)
        ? (draws?.(op, index) ?? null)
        : null;
    const sums = linear(op, trace, index, drawn, a);
    const exact = 'relu' in op && op.relu ? sums.map((x, i) => a.relu(x, `op ${index} element ${i}`)) : sums;
    const quantizer = activeQuantizer(op, stage);
    trace.exact.push(exact);
    trace.factors.push(op.kind === 'dropout' ? drawn : null);
    if (quantizer === null) {
      trace.values.push(exact);
      continue;
    }
    const { threshold } = quantizer;
    const scale = threshold === null ? 1 : a.scale(parameters[threshold.offset]!, threshold);
    trace.values.push(exact.map((x, i) => a.quantize(x, quantizer, scale, `op ${index} element ${i}`)));
  }
  return trace;
}

function linear(
  op: Op,
  trace: Trace,
  index: number,
  drawn: Float32Array | null,
  { f, largest }: Arithmetic,
): Values {
  const x = trace.values[index]!;
  const w = trace.effective;
  const out = new Float64Array(elements(op.output));
  switch (op.kind) {
    case 'dropout':
      return drawn === null ? x : x.map((v, i) => f(v * drawn[i]!));
    case 'quantize':
      return drawn === null ? x : x.map((v, i) => f(v + drawn[i]!));
    case 'max-pool':
      forEachWindow(op, (o, window) => {
        out[o] = largest(
          window.map((i) => x[i]!),
          `op ${index} element ${o}`,
        );
      });
      return out;
    case 'average-pool':
      forEachWindow(op, (o, window) => {
        out[o] = f(window.map((i) => x[i]!).reduce((sum, v) => f(sum + v)) / window.length);
      });
      return out;
    case 'dense':
      for (let o = 0; o < out.length; o++) {
        let sum = w[op.bias.offset + o]!;
        for (let i = 0; i < x.length; i++)
          sum = f(sum + f(x[i]! * w[op.kernel.offset + i * out.length + o]!));
        out[o] = sum;
      }
      return out;
    default:
      forEachOutput(op.output, (row, col, o, at) => {
        let sum = w[op.bias.offset + o]!;
        for (let kr = 0; kr < op.kernelRows; kr++) {
          for (const [input, kernel] of reducedChannels(op, o)) {
            for (let kc = 0; kc < op.kernelCols; kc++) {
              const source = sourceOf(op, { row, col, kr, kc });
              if (source === null) continue;
              sum = f(sum + f(x[source + input]! * w[kernelIndex(op, kr, kc) + kernel]!));
            }
          }
        }
        const block = op.kind === 'convolution' ? op.skipFromInputOf : null;
        out[at] = block === null ? sum : f(sum + trace.values[block]![at]!);
      });
      return out;
  }
}

/** First parameter of a kernel place. */
export function kernelIndex(op: ConvolutionOp | DepthwiseOp, kr: number, kc: number): number {
  return op.kernel.offset + (kr * op.kernelCols + kc) * op.kernel.shape[2]! * op.kernel.shape[3]!;
}

/** Input channels that an output channel reads, each with its offset in a kernel place. */
export function reducedChannels(op: ConvolutionOp | DepthwiseOp, output: number): [number, number][] {
  if (op.kind === 'depthwise') return [[Math.floor(output / op.multiplier), output]];
  return Array.from({ length: op.input.channels }, (_, i) => [i, i * op.output.channels + output]);
}

function forEachOutput(
  { rows, cols, channels }: Shape,
  body: (row: number, col: number, channel: number, at: number) => void,
): void {
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      for (let o = 0; o < channels; o++) body(row, col, o, (row * cols + col) * channels + o);
    }
  }
}

export function forEachWindow(
  { pool, input, output }: { readonly pool: number; readonly input: Shape; readonly output: Shape },
  body: (output: number, window: number[]) => void,
): void {
  forEachOutput(output, (row, col, channel, at) => {
    const window: number[] = [];
    for (let r = 0; r < pool; r++) {
      for (let c = 0; c < pool; c++) {
        window.push(((row * pool + r) * input.cols + col * pool + c) * input.channels + channel);
      }
    }
    body(at, window);
  });
}
