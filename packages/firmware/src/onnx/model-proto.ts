import { PbfWriter } from 'pbf';

/** ONNX's element types, by their numbers in its schema. */
const elementTypes = { float: 1, uint8: 2, int8: 3, uint16: 4, int16: 5, int64: 7, int4: 22 } as const;
export type ElementType = keyof typeof elementTypes;

export interface Tensor {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  /** Little-endian; two 4-bit integers to a byte, the low half first. */
  readonly bytes: Uint8Array;
}

export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Whole numbers, or lists of them. */
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}

/** An input or output; an axis with a name has any length. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly (number | string)[];
}

export interface Graph {
  readonly name: string;
  readonly description: string;
  readonly nodes: readonly Node[];
  readonly tensors: readonly Tensor[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

/** 4-bit integers came with version 21 of the operators, in version 10 of the format. */
const operatorVersion = 21;
const formatVersion = 10;

/** Field numbers are those of the ModelProto message in the ONNX specification's onnx.proto. */
export function writeModelProto(graph: Graph): Uint8Array {
  const writer = new PbfWriter();
  writer.writeVarintField(1, formatVersion);
  writer.writeStringField(2, 'bitkiln');
  writer.writeMessage(7, writeGraph, graph);
  writer.writeMessage(8, (version, out) => out.writeVarintField(2, version), operatorVersion);
  return writer.finish();
}

function writeGraph(graph: Graph, out: PbfWriter): void {
  for (const node of graph.nodes) out.writeMessage(1, writeNode, node);
  out.writeStringField(2, graph.name);
  for (const tensor of graph.tensors) out.writeMessage(5, writeTensor, tensor);
  out.writeStringField(10, graph.description);
  for (const value of graph.inputs) out.writeMessage(11, writeValue, value);
  for (const value of graph.outputs) out.writeMessage(12, writeValue, value);
}

function writeNode({ op, inputs, outputs, attributes = {} }: Node, out: PbfWriter): void {
  for (const input of inputs) out.writeStringField(1, input);
  for (const output of outputs) out.writeStringField(2, output);
  out.writeStringField(3, outputs[0]!);
  out.writeStringField(4, op);
  for (const attribute of Object.entries(attributes)) out.writeMessage(5, writeAttribute, attribute);
}

function writeAttribute([name, value]: [string, number | readonly number[]], out: PbfWriter): void {
  const [numberType, numbersType] = [2, 7];
  out.writeStringField(1, name);
  if (typeof value === 'number') {
    out.writeVarintField(3, value);
    out.writeVarintField(20, numberType);
  } else {
    for (const each of value) out.writeVarintField(8, each);
    out.writeVarintField(20, numbersType);
  }
}

function writeTensor({ name, type, dims, bytes }: Tensor, out: PbfWriter): void {
  for (const axis of dims) out.writeVarintField(1, axis);
  out.writeVarintField(2, elementTypes[type]);
  out.writeStringField(8, name);
  out.writeBytesField(9, bytes);
}

function writeValue({ name, type, dims }: Value, out: PbfWriter): void {
  out.writeStringField(1, name);
  out.writeMessage(2, writeType, { type, dims });
}

function writeType(value: Pick<Value, 'type' | 'dims'>, out: PbfWriter): void {
  out.writeMessage(1, writeTensorType, value);
}

function writeTensorType({ type, dims }: Pick<Value, 'type' | 'dims'>, out: PbfWriter): void {
  out.writeVarintField(1, elementTypes[type]);
  out.writeMessage(2, writeShape, dims);
}

function writeShape(dims: Value['dims'], out: PbfWriter): void {
  for (const axis of dims) out.writeMessage(1, writeAxis, axis);
}

function writeAxis(axis: number | string, out: PbfWriter): void {
  if (typeof axis === 'number') out.writeVarintField(1, axis);
  else out.writeStringField(2, axis);
}
