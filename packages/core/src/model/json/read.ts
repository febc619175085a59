import { printNetwork } from '../../network/compact-form.ts';
import { lowerNetwork } from '../../network/lower.ts';
import { parseNetwork } from '../../network/parse.ts';
import type { ParameterSlot, Program, QuantizeOp, WeightedOp } from '../../network/program.ts';
import { integerRange, unitExponent, valuesOf } from '../../quantization/integers.ts';
import { levelRange, roundHalfEven, weightQuantizer } from '../../quantization/quantizer.ts';
import { createModel, type Model } from '../model.ts';
import { ModelError } from '../model-error.ts';
import { readBySchema } from '../read-by-schema.ts';
import { readPublished } from './published.ts';
import { formatName, modelJsonSchema, type ParametersJson } from './schema.ts';

/**
 * Reads a model from JSON: what `writeModelJson` wrote (its float weights are then the values that the integers
 * stand for), or the published model's own form with float weights.
 * @throws ModelError naming the field at fault
 * @throws NetworkError where the network can't be read, or can't exist
 */
export function readModelJson(text: string): Model {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ModelError('the file', text, 'JSON');
  }
  if (isObject(value) && !('format' in value) && 'layers' in value) return readPublished(value);
  if (!isObject(value) || value.format !== formatName) {
    const format = isObject(value) ? value.format : value;
    throw new ModelError('format', format, `"${formatName}"`);
  }
  return fromJson(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fromJson(value: Record<string, unknown>): Model {
  const json = readBySchema(modelJsonSchema, value, '');
  const layers = parseNetwork(json.network.layers);
  const compact = printNetwork(layers);
  if (printNetwork(parseNetwork(json.network.compact)) !== compact) {
    throw new ModelError('network.compact', json.network.compact, `${compact}, as in network.layers`);
  }
  const program = lowerNetwork(layers, json.input);
  if (json.classes !== program.output.channels) {
    throw new ModelError('classes', json.classes, `${program.output.channels}, the units of S`);
  }
  const parameters = new Float32Array(program.parameterCount);
  const ops = program.ops.filter((op) => op.kind === 'quantize' || 'kernel' in op);
  if (json.parameters.length !== ops.length) {
    throw new ModelError('parameters', json.parameters.length, `${ops.length} entries`);
  }
  for (const [i, op] of ops.entries()) {
    readEntry(program, op, { at: `parameters[${i}]`, json: json.parameters[i]!, parameters });
  }
  return createModel({ ...json, layers, parameters });
}

interface Entry {
  readonly at: string;
  readonly json: ParametersJson;
  readonly parameters: Float32Array;
}

function readEntry(program: Program, op: WeightedOp | QuantizeOp, entry: Entry): void {
  const { at, json } = entry;
  const { code } = program.layers[op.layer]!;
  if (json.layer !== op.layer) throw new ModelError(`${at}.layer`, json.layer, `${op.layer}`);
  if (json.code !== code) throw new ModelError(`${at}.code`, json.code, `"${code}"`);
  readThreshold('activation', op.quantizer.threshold!, entry);
  if (op.kind === 'quantize') {
    refuseWeights(entry);
    return;
  }
  const weight = readThreshold('weight', op.weightThreshold, entry);
  const bias = readThreshold('bias', op.biasThreshold, entry);
  if (String(json.kernelShape) !== String(op.kernel.shape)) {
    throw new ModelError(`${at}.kernelShape`, json.kernelShape, JSON.stringify(op.kernel.shape));
  }
  readIntegers('kernel', op.kernel, op.weightBits, weight, entry);
  readIntegers('bias', op.bias, op.biasBits, bias, entry);
}

function refuseWeights({ at, json }: Entry): void {
  const { kernelShape, kernel, bias } = json;
  for (const [field, value] of Object.entries({ kernelShape, kernel, bias })) {
    if (value !== undefined) throw new ModelError(`${at}.${field}`, value, 'no such field');
  }
}

function readThreshold(
  kind: keyof ParametersJson['shifts'],
  { offset }: ParameterSlot,
  { at, json, parameters }: Entry,
): number {
  const threshold = json.log2Thresholds[kind];
  if (threshold === undefined) throw new ModelError(`${at}.log2Thresholds.${kind}`, threshold, 'number');
  parameters[offset] = threshold;
  const shift = roundHalfEven(parameters[offset]!);
  if (json.shifts[kind] !== shift) {
    throw new ModelError(`${at}.shifts.${kind}`, json.shifts[kind], `${shift}, its log2 threshold rounded`);
  }
  return parameters[offset]!;
}

function readIntegers(
  field: 'kernel' | 'bias',
  { offset, length }: ParameterSlot,
  bits: number,
  threshold: number,
  { at, json, parameters }: Entry,
): void {
  const integers = json[field];
  if (integers?.length !== length) {
    throw new ModelError(`${at}.${field}`, integers, `${length} integers`);
  }
  const quantizer = weightQuantizer(bits);
  const { lowest, highest } = integerRange(quantizer);
  const { midRise } = levelRange(quantizer);
  for (const [i, integer] of integers.entries()) {
    if (integer >= lowest && integer <= highest && !(midRise && integer % 2 === 0)) continue;
    const kind = midRise ? 'an odd integer' : 'an integer';
    throw new ModelError(`${at}.${field}[${i}]`, integer, `${kind} from ${lowest} to ${highest}`);
  }
  parameters.set(valuesOf(integers, unitExponent(quantizer, threshold)), offset);
}
