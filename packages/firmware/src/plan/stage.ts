import { inputQuantizer, type Program, type Shape } from '@bitkiln/core';

/** Ops of a program that the device runs as one, told by index. */
export type Stage = ReceiveStage | SlideStage | ResidualStage | DenseStage;

interface StageBase {
  readonly op: number;
  readonly input: Shape;
  readonly output: Shape;
  /** Of an activation in memory. */
  readonly inputBits: number;
  readonly outputBits: number;
}

/**
 * Takes the image row by row: quantizes its pixels by leading N and Q, and pools them where A or M follows. `op` is
 * the pool's index; it means nothing where there is none.
 */
export interface ReceiveStage extends StageBase {
  readonly kind: 'receive';
  readonly quantizers: readonly number[];
  readonly pool: { readonly size: number; readonly average: boolean } | null;
  /** Bits of a sum of all but the last row of an average's square; 0 where nothing is summed. */
  readonly sumBits: number;
}

/** A window slides over a map: a convolution, a depthwise one, a pool, or (1x1) requantization. */
export interface SlideStage extends StageBase {
  readonly kind: 'slide';
  readonly what: 'convolution' | 'depthwise' | 'pool' | 'quantize';
  readonly kernelRows: number;
  readonly kernelCols: number;
  readonly strideRows: number;
  readonly strideCols: number;
}

/** R: `op` is its first convolution, and the next op its second. */
export interface ResidualStage extends StageBase {
  readonly kind: 'residual';
}

/** F, or S where it is the last: its outputs are then the 16-bit logits. */
export interface DenseStage extends StageBase {
  readonly kind: 'dense';
  readonly logits: boolean;
}

const logitBits = 16;

/** A program as the device runs it: dropout is gone, and the first ops take the image as it comes. */
export function stagesOf(program: Program): readonly [ReceiveStage, ...Stage[]] {
  const { ops } = program;
  const receive = receiveStage(program);
  const first = receive.pool === null ? leadingOps(program) : receive.op + 1;
  const stages: Stage[] = [];
  for (let index = first; index < ops.length; index++) {
    const op = ops[index]!;
    const { input, output, kind } = op;
    const inputBits = inputQuantizer(program, index).bits;
    const outputBits = inputQuantizer(program, index + 1).bits;
    const base = { op: index, input, output, inputBits, outputBits };
    if (kind === 'dropout') continue;
    if (kind === 'dense') {
      const logits = index === ops.length - 1;
      stages.push({ ...base, kind, logits, outputBits: logits ? logitBits : outputBits });
    } else if (kind === 'convolution' && op.padding > 0) {
      stages.push({ ...base, kind: 'residual' });
      index++;
    } else {
      stages.push({ ...base, kind: 'slide', ...slideOf(op) });
    }
  }
  return [receive, ...stages];
}

function slideOf(op: Exclude<Program['ops'][number], { kind: 'dense' | 'dropout' }>) {
  if (op.kind === 'quantize') {
    return { what: op.kind, kernelRows: 1, kernelCols: 1, strideRows: 1, strideCols: 1 };
  }
  if (op.kind === 'average-pool' || op.kind === 'max-pool') {
    const { pool } = op;
    return { what: 'pool', kernelRows: pool, kernelCols: pool, strideRows: pool, strideCols: pool } as const;
  }
  const { kind, kernelRows, kernelCols, strideRows, strideCols } = op;
  return { what: kind, kernelRows, kernelCols, strideRows, strideCols };
}

/** N, Q and D in front of everything else. */
function leadingOps({ ops }: Program): number {
  return ops.findIndex(({ kind }) => kind !== 'quantize' && kind !== 'dropout');
}

function receiveStage(program: Program): ReceiveStage {
  const { ops, input } = program;
  const next = leadingOps(program);
  const quantizers = [...ops.keys()].filter((index) => index < next && ops[index]!.kind === 'quantize');
  const pixel = inputQuantizer(program, next);
  const base = { kind: 'receive', op: next, input, quantizers, inputBits: 8 } as const;
  const op = ops[next]!;
  if (op.kind !== 'average-pool' && op.kind !== 'max-pool') {
    return { ...base, output: input, outputBits: pixel.bits, pool: null, sumBits: 0 };
  }
  const average = op.kind === 'average-pool';
  return {
    ...base,
    output: op.output,
    outputBits: inputQuantizer(program, next + 1).bits,
    pool: { size: op.pool, average },
    sumBits: average ? sumBits(pixel, op.pool) : 0,
  };
}

/** Bits, with a sign where the summands have one, of the sum of pool (pool - 1) activations. */
function sumBits(
  { bits, signed }: { readonly bits: number; readonly signed: boolean },
  pool: number,
): number {
  const summands = pool * (pool - 1);
  return summands === 0 ? 0 : Math.ceil(Math.log2(summands * 2 ** bits + 1)) + (signed ? 1 : 0);
}
