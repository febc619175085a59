import type { ActivationQuantizer, Op, Program, StageName } from '@bitkiln/core';
import { createTape, product, record, slopes, sum, type Tape } from './scalar-tape.ts';

/*
 * The training loss and its gradient as the protocol defines them, image by image and number by number in double
 * precision. Shares nothing with the trainer but the program: written from the definitions, for tests.
 */

/** One batch: pixels in 0 to 255, images after one another. */
export interface ReferenceBatch {
  readonly images: Uint8Array;
  readonly labels: readonly number[];
  /** By op: dropout factors, or noise, of the whole batch. */
  readonly draws: ReadonlyMap<number, Float32Array>;
}

export interface ReferenceResult {
  readonly loss: number;
  /** By every parameter; 0 for thresholds that the stage does not move. */
  readonly gradient: Float64Array;
  /** Of every image. */
  readonly logits: readonly (readonly number[])[];
}

interface Net {
  readonly tape: Tape;
  readonly program: Program;
  readonly stage: StageName;
}

export function referenceGradient(
  program: Program,
  stage: StageName,
  parameters: ArrayLike<number>,
  batch: ReferenceBatch,
): ReferenceResult {
  const tape = createTape();
  const net = { tape, program, stage };
  for (const parameter of Array.from(parameters)) record(tape, parameter);
  const logits = batch.labels.map((_, image) => imageLogits(net, batch, image));
  const losses = logits.map((nodes, image) => crossEntropy(tape, nodes, batch.labels[image]!));
  const mean = product(tape, sum(tape, losses), record(tape, 1 / losses.length));
  const gradient = slopes(tape, mean).slice(0, program.parameterCount);
  if (stage !== 'movingScales') {
    for (const { kind, offset } of program.slots) if (kind.endsWith('Threshold')) gradient[offset] = 0;
  }
  return {
    loss: tape.values[mean]!,
    gradient,
    logits: logits.map((nodes) => nodes.map((node) => tape.values[node]!)),
  };
}

function imageLogits(net: Net, batch: ReferenceBatch, image: number): number[] {
  const { tape, program } = net;
  const { rows, cols, channels } = program.input;
  const size = rows * cols * channels;
  const pixels = batch.images.subarray(image * size, (image + 1) * size);
  let x = Array.from(pixels, (pixel) => record(tape, pixel / 256));
  const inputs: number[][] = [];
  for (const [index, op] of program.ops.entries()) {
    inputs.push(x);
    const length = op.input.rows * op.input.cols * op.input.channels;
    const draws = batch.draws.get(index)?.subarray(image * length, (image + 1) * length);
    x = applyOp(net, op, x, inputs, draws);
  }
  return x;
}

function applyOp(
  net: Net,
  op: Op,
  x: number[],
  inputs: number[][],
  draws: Float32Array | undefined,
): number[] {
  const { tape } = net;
  switch (op.kind) {
    case 'dropout':
      return x.map((node, i) => record(tape, tape.values[node]! * draws![i]!, [node, draws![i]!]));
    case 'quantize':
      return x.map((node, i) => {
        const noise = draws?.[i] ?? 0;
        return activation(net, record(tape, tape.values[node]! + noise, [node, 1]), op.quantizer);
      });
    case 'max-pool':
      return squares(op, x).map((square) => {
        const values = square.map((node) => tape.values[node]!);
        const first = square[values.indexOf(Math.max(...values))]!;
        return record(tape, tape.values[first]!, [first, 1]);
      });
    case 'average-pool':
      return squares(op, x).map((square) => {
        const total = sum(tape, square);
        const mean = record(tape, tape.values[total]! / square.length, [total, 1 / square.length]);
        return activation(net, mean, op.quantizer);
      });
    default: {
      const kernel = weights(net, op.kernel, op.weightThreshold.offset, op.weightBits);
      const bias = weights(net, op.bias, op.biasThreshold.offset, op.biasBits);
      const skip =
        op.kind === 'convolution' && op.skipFromInputOf !== null ? inputs[op.skipFromInputOf]! : [];
      const withRelu = op.kind !== 'depthwise' && op.relu;
      return products(op, x).map((pairs, i) => {
        const terms = pairs.map(([from, weight]) => product(tape, from, kernel[weight]!));
        terms.push(bias[i % bias.length]!);
        if (skip.length > 0) terms.push(skip[i]!);
        const total = sum(tape, terms);
        return activation(net, withRelu ? relu(tape, total) : total, op.quantizer);
      });
    }
  }
}

/** The elements of each pooling square, in row-major order. */
function squares(op: Extract<Op, { pool: number }>, x: readonly number[]): number[][] {
  const { input, output, pool } = op;
  return places(output).map(({ row, col, channel }) =>
    Array.from({ length: pool * pool }, (_, i) => {
      const r = row * pool + Math.floor(i / pool);
      return x[(r * input.cols + col * pool + (i % pool)) * input.channels + channel]!;
    }),
  );
}

/** For every output of a weighted op the [input node, index into the kernel] pairs that it sums. */
function products(op: Extract<Op, { kernel: unknown }>, x: readonly number[]): [number, number][][] {
  if (op.kind === 'dense') {
    const units = op.output.channels;
    return Array.from({ length: units }, (_, unit) => x.map((node, i) => [node, i * units + unit]));
  }
  const { input, output, kernelRows, kernelCols, strideRows, strideCols } = op;
  const padding = op.kind === 'convolution' ? op.padding : 0;
  return places(output).map(({ row, col, channel }) => {
    const pairs: [number, number][] = [];
    for (let i = 0; i < kernelRows; i++) {
      for (let j = 0; j < kernelCols; j++) {
        const r = row * strideRows + i - padding;
        const c = col * strideCols + j - padding;
        if (r < 0 || c < 0 || r >= input.rows || c >= input.cols) continue;
        const at = (r * input.cols + c) * input.channels;
        if (op.kind === 'depthwise') {
          const from = Math.floor(channel / op.multiplier);
          pairs.push([x[at + from]!, (i * kernelCols + j) * output.channels + channel]);
          continue;
        }
        for (let from = 0; from < input.channels; from++) {
          const weight = ((i * kernelCols + j) * input.channels + from) * output.channels + channel;
          pairs.push([x[at + from]!, weight]);
        }
      }
    }
    return pairs;
  });
}

function places({ rows, cols, channels }: { rows: number; cols: number; channels: number }) {
  return Array.from({ length: rows * cols * channels }, (_, i) => ({
    row: Math.floor(i / (cols * channels)),
    col: Math.floor(i / channels) % cols,
    channel: i % channels,
  }));
}

function relu(tape: Tape, node: number): number {
  const positive = tape.values[node]! > 0;
  return record(tape, positive ? tape.values[node]! : 0, [node, positive ? 1 : 0]);
}

function weights(
  net: Net,
  slot: { offset: number; length: number },
  threshold: number,
  bits: number,
): number[] {
  const nodes = Array.from({ length: slot.length }, (_, i) => slot.offset + i);
  if (net.stage === 'float') return nodes;
  return nodes.map((node) => quantize(net.tape, node, threshold, bits, true, 'half-even'));
}

function activation(
  net: Net,
  node: number,
  { bits, signed, rounding, threshold }: ActivationQuantizer,
): number {
  if (net.stage === 'float') return node;
  return quantize(net.tape, node, threshold?.offset ?? null, bits, signed, rounding);
}

/** The quantizer of the protocol; `threshold` is the node of the log2 threshold. */
function quantize(
  tape: Tape,
  node: number,
  threshold: number | null,
  bits: number,
  signed: boolean,
  rounding: 'half-even' | 'floor',
): number {
  const scale = threshold === null ? 1 : 2 ** halfEven(tape.values[threshold]!);
  const qmax = signed ? 2 ** (bits - 1) : 2 ** bits;
  const s = (tape.values[node]! * qmax) / scale;
  const midRise = signed && bits <= 2;
  const r = midRise ? Math.floor(s) + 0.5 : rounding === 'floor' ? Math.floor(s) : halfEven(s);
  const lowest = signed ? -qmax + (midRise ? 0.5 : 0) : 0;
  const highest = qmax - (midRise ? 0.5 : 1);
  const inRange = r >= lowest && r <= highest;
  const clipped = Math.min(Math.max(r, lowest), highest);
  const value = (clipped * scale) / qmax;
  const toInput = [node, inRange ? 1 : 0] as const;
  if (threshold === null) return record(tape, value, toInput);
  const toScale = (clipped - (inRange ? s : 0)) / qmax;
  return record(tape, value, toInput, [threshold, toScale * Math.LN2 * scale]);
}

function halfEven(x: number): number {
  const rounded = Math.round(x);
  return rounded - x === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

function crossEntropy(tape: Tape, logits: readonly number[], label: number): number {
  const exponentials = logits.map((node) => Math.exp(tape.values[node]!));
  const total = exponentials.reduce((a, b) => a + b, 0);
  const probability = exponentials[label]! / total;
  if (probability < 1e-7 || probability > 1 - 1e-7) {
    return record(tape, -Math.log(Math.min(Math.max(probability, 1e-7), 1 - 1e-7)));
  }
  const edges = logits.map((node, i) => [node, exponentials[i]! / total - (i === label ? 1 : 0)] as const);
  return record(tape, -Math.log(probability), ...edges);
}
