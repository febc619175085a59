import { elements, type Program, type StageName } from '@bitkiln/core';
import { activeQuantizer, inputNeedsGradient } from './arithmetic.ts';
import { planSparse, type SparsePlan } from './sparse-plan.ts';

/** A feature map's arrays, one vector of four lanes an element. */
interface MapPlan {
  /** What the next op reads. */
  readonly value: number;
  /** What went into the op's quantizer; equals `value` where it has none. */
  readonly unquantized: number;
  /** The loss's gradient to the map; null where nothing before it trains. */
  readonly gradient: number | null;
}

/** Inputs and output gradients of a dense op for some groups in turn, kept so that its kernel's gradient can be added for all. */
interface DensePlan {
  readonly inputs: number;
  readonly gradients: number;
}

/** Groups whose dense gradients are added at once: the running sums, often larger than the cache, move less. */
export const denseBlock = 8;

/** Everything that a module reads and writes, as byte addresses in its memory. */
export interface MemoryPlan {
  readonly bytes: number;
  /** Effective (quantized) parameters, compact, laid out as the flat parameter vector. */
  readonly effective: number;
  /** The same, each in all four lanes. */
  readonly weights: number;
  /** Running gradient of each parameter in each lane. */
  readonly gradients: number;
  /** Gradients of each parameter for the four lane quarters, compact. */
  readonly quarterSums: readonly [number, number, number, number];
  /** Map 0 is the network's input, map i + 1 the output of op i. */
  readonly maps: readonly MapPlan[];
  /** Factors that dropout drew, by op; null for other ops. */
  readonly factors: readonly (number | null)[];
  /** For each op two vectors of scale constants: steps in one unit, and units in one step. */
  readonly scales: number;
  /** For each op two words in all lanes: the key of its draws in this step. */
  readonly keys: number;
  /** Raw pixels of four samples. */
  readonly pixels: number;
  readonly pixelBytes: number;
  /** Vectors of four lanes: labels, weights of the samples in the loss; and what comes out. */
  readonly labels: number;
  readonly sampleWeights: number;
  readonly losses: number;
  readonly predictions: number;
  /** Row tables of correlations: forward and input gradient, by op; null where there is none. */
  readonly forwardRows: readonly (number | null)[];
  readonly gradientRows: readonly (number | null)[];
  /** Kept inputs and gradients of dense ops, by op; null for other ops. */
  readonly dense: readonly (DensePlan | null)[];
  /** Arrays of the convolutions that max pooling makes sparse, by op; null for other ops. */
  readonly sparse: readonly (SparsePlan | null)[];
}

const vector = 16;

/** Lays out a module's memory: parameters first, then maps in the order in which the network makes them. */
export function planMemory(program: Program, stage: StageName): MemoryPlan {
  let next = 64;
  const reserve = (bytes: number) => {
    const address = next;
    next += Math.ceil(bytes / 64) * 64;
    return address;
  };
  const { ops, parameterCount } = program;
  const effective = reserve((parameterCount + 3) * 4);
  const weights = reserve((parameterCount + 3) * vector);
  const gradients = reserve((parameterCount + 3) * vector);
  const sums = () => reserve((parameterCount + 3) * 4);
  const quarterSums = [sums(), sums(), sums(), sums()] as const;
  const scales = reserve(ops.length * 2 * vector);
  const keys = reserve(ops.length * 2 * vector);
  const pixelBytes = Math.ceil(elements(program.input) / vector) * vector;
  const pixels = reserve(pixelBytes * 4 + vector);
  const [labels, sampleWeights, losses, predictions] = [vector, vector, vector, vector].map(reserve);
  const rowsOf = (op: Program['ops'][number], side: 'input' | 'output') =>
    'kernel' in op ? reserve(op[side].rows * 12) : null;
  const forwardRows = ops.map((op) => rowsOf(op, 'output'));
  const gradientRows = ops.map((op) => rowsOf(op, 'input'));
  const input = reserve((elements(program.input) + 3) * vector);
  const maps: MapPlan[] = [{ value: input, unquantized: input, gradient: null }];
  const factors: (number | null)[] = [];
  const sparse: (SparsePlan | null)[] = [];
  const dense: (DensePlan | null)[] = [];
  for (const [i, op] of ops.entries()) {
    const bytes = elements(op.output) * vector;
    const value = reserve(bytes);
    const unquantized = activeQuantizer(op, stage) === null ? value : reserve(bytes);
    sparse.push(planSparse(program, stage, i, reserve));
    const whole = inputNeedsGradient(program, stage, i + 1) && sparse[i] === null;
    const gradient = whole ? reserve(bytes) : null;
    const keep = (size: number) => reserve(denseBlock * size);
    const kept =
      op.kind === 'dense' ? { inputs: keep(elements(op.input) * vector), gradients: keep(bytes) } : null;
    dense.push(kept);
    maps.push({ value, unquantized, gradient });
    factors.push(op.kind === 'dropout' ? reserve(bytes) : null);
  }
  return {
    bytes: next,
    effective,
    weights,
    gradients,
    quarterSums,
    maps,
    factors,
    scales,
    keys,
    pixels,
    pixelBytes,
    labels: labels!,
    sampleWeights: sampleWeights!,
    losses: losses!,
    predictions: predictions!,
    forwardRows,
    gradientRows,
    dense,
    sparse,
  };
}
