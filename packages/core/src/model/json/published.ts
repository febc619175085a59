import { lowerNetwork } from '../../network/lower.ts';
import { parseNetwork } from '../../network/parse.ts';
import type { ParameterSlot } from '../../network/program.ts';
import { integersOf } from '../../quantization/integers.ts';
import { weightQuantizer } from '../../quantization/quantizer.ts';
import { createModel, type Model } from '../model.ts';
import { ModelError } from '../model-error.ts';
import { readBySchema } from '../read-by-schema.ts';
import { publishedSchema } from './schema.ts';

/** The form names no input: it is the published model's, and that is MNIST's. */
const publishedInput = { rows: 28, cols: 28, channels: 1 };

/**
 * Reads the published model's JSON: a network, and for each weighted layer its float kernel and bias and its log2
 * thresholds. Where the file also says which integers they quantize to, they must.
 * @throws ModelError naming the field at fault
 */
export function readPublished(value: unknown): Model {
  const json = readBySchema(publishedSchema, value, '');
  const layers = parseNetwork(json.layers);
  const program = lowerNetwork(layers, publishedInput);
  const ops = program.ops.filter((op) => 'kernel' in op);
  if (json.parameters.length !== ops.length) {
    throw new ModelError('parameters', json.parameters.length, `${ops.length} entries`);
  }
  const parameters = new Float32Array(program.parameterCount);
  for (const [i, op] of ops.entries()) {
    const entry = json.parameters[i]!;
    const at = `parameters[${i}]`;
    if (String(entry.kernelShape) !== String(op.kernel.shape)) {
      throw new ModelError(`${at}.kernelShape`, entry.kernelShape, JSON.stringify(op.kernel.shape));
    }
    setFloats(parameters, op.kernel, entry.kernel, `${at}.kernel`);
    setFloats(parameters, op.bias, entry.bias, `${at}.bias`);
    parameters[op.weightThreshold.offset] = entry.weightLogThreshold;
    parameters[op.biasThreshold.offset] = entry.biasLogThreshold;
    parameters[op.quantizer.threshold!.offset] = entry.activationLogThreshold;
    const kernel = parameters.subarray(op.kernel.offset, op.kernel.offset + op.kernel.length);
    const bias = parameters.subarray(op.bias.offset, op.bias.offset + op.bias.length);
    const { weightLogThreshold, biasLogThreshold, kernelInt4, biasInt8 } = entry;
    checkIntegers(
      integersOf(kernel, weightQuantizer(op.weightBits), weightLogThreshold),
      kernelInt4,
      `${at}.kernelInt4`,
    );
    checkIntegers(
      integersOf(bias, weightQuantizer(op.biasBits), biasLogThreshold),
      biasInt8,
      `${at}.biasInt8`,
    );
  }
  return createModel({ layers, input: publishedInput, parameters, stage: 'frozenScales', provenance: null });
}

function setFloats(
  parameters: Float32Array,
  { offset, length }: ParameterSlot,
  values: number[],
  at: string,
): void {
  if (values.length !== length) throw new ModelError(at, values, `${length} numbers`);
  parameters.set(values, offset);
}

function checkIntegers(expected: Int32Array, stated: readonly number[] | undefined, at: string): void {
  if (stated === undefined) return;
  if (stated.length !== expected.length) throw new ModelError(at, stated, `${expected.length} integers`);
  const wrong = stated.findIndex((integer, i) => integer !== expected[i]);
  if (wrong !== -1)
    throw new ModelError(`${at}[${wrong}]`, stated[wrong], `${expected[wrong]}, as the floats quantize`);
}
