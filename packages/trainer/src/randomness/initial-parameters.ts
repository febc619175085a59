import { deriveStream, type ParameterSlot, type Program, type Stream, substream } from '@bitkiln/core';
import { gaussianAt } from './gaussian.ts';

/**
 * The flat parameter vector that a fresh float trial starts from: every kernel orthogonal with gain 1 over the
 * kernel flattened to rows x last axis (Saxe et al., 2014), biases and log2 thresholds 0. Only +, -, *, / and
 * square roots in double precision, so the bytes are the same on every engine.
 */
export function initialParameters(
  program: Program,
  experimentSeed: number,
  trialIndex: number,
): Float32Array {
  const parameters = new Float32Array(program.parameterCount);
  const stream = deriveStream(experimentSeed, 'float', trialIndex, 'initial-parameters');
  for (const [index, slot] of program.slots.entries()) {
    if (slot.kind === 'kernel') parameters.set(orthogonalKernel(slot, substream(stream, index)), slot.offset);
  }
  return parameters;
}

function orthogonalKernel(slot: ParameterSlot, stream: Stream): Float32Array {
  const cols = slot.shape.at(-1)!;
  const rows = slot.length / cols;
  const tall = rows >= cols;
  const basis = orthonormalRows(Math.min(rows, cols), Math.max(rows, cols), stream);
  const kernel = new Float32Array(slot.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) kernel[r * cols + c] = tall ? basis[c]![r]! : basis[r]![c]!;
  }
  return kernel;
}

/**
 * `count` orthonormal vectors of the given length, uniform over all such bases: Gaussian vectors made orthogonal
 * one after the other (Gram and Schmidt), each projection done twice so that rounding leaves no overlap.
 */
function orthonormalRows(count: number, length: number, stream: Stream): Float64Array[] {
  const rows: Float64Array[] = [];
  for (let i = 0; i < count; i++) {
    const row = Float64Array.from({ length }, (_, j) => gaussianAt(stream, i * length + j));
    for (let pass = 0; pass < 2; pass++) {
      for (const earlier of rows) subtractProjection(row, earlier);
    }
    const norm = Math.sqrt(dot(row, row));
    for (let j = 0; j < length; j++) row[j]! /= norm;
    rows.push(row);
  }
  return rows;
}

function subtractProjection(row: Float64Array, unit: Float64Array): void {
  const overlap = dot(row, unit);
  for (let j = 0; j < row.length; j++) row[j]! -= overlap * unit[j]!;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
}
