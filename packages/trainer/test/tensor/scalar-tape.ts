/** A record of scalar operations in double precision, each with its derivatives, for gradients in reverse. */
export interface Tape {
  readonly values: number[];
  /** For every node its [parent, derivative] pairs. */
  readonly edges: (readonly (readonly [number, number])[])[];
}

export function createTape(): Tape {
  return { values: [], edges: [] };
}

/** Records a number and gives its place. */
export function record(
  tape: Tape,
  value: number,
  ...edges: readonly (readonly [parent: number, derivative: number])[]
): number {
  tape.edges.push(edges);
  return tape.values.push(value) - 1;
}

export function sum(tape: Tape, terms: readonly number[]): number {
  const value = terms.reduce((total, term) => total + tape.values[term]!, 0);
  return record(tape, value, ...terms.map((term) => [term, 1] as const));
}

export function product(tape: Tape, a: number, b: number): number {
  const [x, y] = [tape.values[a]!, tape.values[b]!];
  return record(tape, x * y, [a, y], [b, x]);
}

/** The derivative of `output` by every node. */
export function slopes(tape: Tape, output: number): Float64Array {
  const gradient = new Float64Array(tape.values.length);
  gradient[output] = 1;
  for (let node = output; node >= 0; node--) {
    for (const [parent, derivative] of tape.edges[node]!) gradient[parent]! += gradient[node]! * derivative;
  }
  return gradient;
}
