import { packBits } from '../c/weights.ts';
import type { ElementType, Graph, Node, Tensor, Value } from './model-proto.ts';

/** Collects the nodes and constants of a graph. */
export interface GraphBuilder {
  /** Adds a node with one output, and returns that output's name. */
  node(op: string, inputs: readonly string[], attributes?: Node['attributes'], name?: string): string;
  /** A float, or a row of them. */
  floats(values: number | readonly number[]): string;
  integers(values: ArrayLike<number>, dims: readonly number[], type: 'int4' | 'int8' | 'int16'): string;
  /** The integer that stands for 0, of the type that QuantizeLinear gives. */
  zeroPoint(value: number, type: 'uint8' | 'uint16'): string;
  finish(parts: Pick<Graph, 'name' | 'description' | 'inputs' | 'outputs'>): Graph;
}

export function createGraphBuilder(): GraphBuilder {
  const nodes: Node[] = [];
  const tensors = new Map<string, Tensor>();
  const constant = (name: string, type: ElementType, dims: readonly number[], bytes: Uint8Array): string => {
    tensors.set(name, { name, type, dims, bytes });
    return name;
  };
  return {
    node(op, inputs, attributes, name = `${op}_${nodes.length}`) {
      nodes.push({ op, inputs, outputs: [name], ...(attributes && { attributes }) });
      return name;
    },
    floats(values) {
      const list = typeof values === 'number' ? [values] : values;
      const bytes = new Uint8Array(4 * list.length);
      const view = new DataView(bytes.buffer);
      for (const [i, value] of list.entries()) view.setFloat32(4 * i, value, true);
      const dims = typeof values === 'number' ? [] : [list.length];
      return constant(
        `float_${list.join('_')}${typeof values === 'number' ? '' : '_row'}`,
        'float',
        dims,
        bytes,
      );
    },
    integers(values, dims, type) {
      return constant(`integers_${tensors.size}`, type, dims, integerBytes(values, type));
    },
    zeroPoint(value, type) {
      const bytes = type === 'uint8' ? [value] : [value & 255, value >> 8];
      return constant(`${type}_${value}`, type, [], Uint8Array.from(bytes));
    },
    finish: (parts: {
      name: string;
      description: string;
      inputs: readonly Value[];
      outputs: readonly Value[];
    }) => ({
      ...parts,
      nodes,
      tensors: [...tensors.values()],
    }),
  };
}

function integerBytes(values: ArrayLike<number>, type: 'int4' | 'int8' | 'int16'): Uint8Array {
  if (type === 'int4') return packBits(values, 4);
  if (type === 'int8') return new Uint8Array(Int8Array.from(Array.from(values)).buffer);
  const bytes = new Uint8Array(2 * values.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) view.setInt16(2 * i, values[i]!, true);
  return bytes;
}
