import { printNetwork } from '../../network/compact-form.ts';
import { toJson } from '../../network/json-form.ts';
import type { ParameterSlot, QuantizeOp, WeightedOp } from '../../network/program.ts';
import { integersOf } from '../../quantization/integers.ts';
import { roundHalfEven, weightQuantizer } from '../../quantization/quantizer.ts';
import type { Model } from '../model.ts';
import { ModelError } from '../model-error.ts';
import { formatName, formatVersion, type ModelJson, type ParametersJson } from './schema.ts';

/**
 * Writes a quantized model as JSON: integer weights and biases, log2 thresholds and their shifts (the scale is
 * 2^shift). It holds all that the integer engine and the fake-quantized network need, but not the float weights
 * that the integers came from. docs/model-json.md describes the format.
 * @throws ModelError for a model of the float stage
 */
export function writeModelJson(model: Model): string {
  const { program, stage, provenance } = model;
  if (stage === 'float') {
    throw new ModelError('stage', stage, 'a quantized stage: model.json holds integer weights alone');
  }
  const json: ModelJson = {
    format: formatName,
    formatVersion,
    network: {
      compact: printNetwork(program.layers),
      layers: toJson(program.layers).map((layer) => [...layer]),
    },
    input: { ...program.input },
    classes: program.output.channels,
    stage,
    provenance: provenance === null ? null : { ...provenance, seeds: { ...provenance.seeds } },
    parameters: program.ops.flatMap((op) => {
      if (op.kind === 'quantize') return [quantizerEntry(model, op)];
      return 'kernel' in op ? [weightedEntry(model, op)] : [];
    }),
  };
  return printJson(json);
}

function weightedEntry(model: Model, op: WeightedOp): ParametersJson {
  const weight = thresholdOf(model, op.weightThreshold);
  const bias = thresholdOf(model, op.biasThreshold);
  const activation = thresholdOf(model, op.quantizer.threshold!);
  return {
    layer: op.layer,
    code: model.program.layers[op.layer]!.code,
    kernelShape: [...op.kernel.shape],
    kernel: [...integersOf(floatsOf(model, op.kernel), weightQuantizer(op.weightBits), weight)],
    bias: [...integersOf(floatsOf(model, op.bias), weightQuantizer(op.biasBits), bias)],
    log2Thresholds: { weight, bias, activation },
    shifts: {
      weight: roundHalfEven(weight),
      bias: roundHalfEven(bias),
      activation: roundHalfEven(activation),
    },
  };
}

function quantizerEntry(model: Model, op: QuantizeOp): ParametersJson {
  const activation = thresholdOf(model, op.quantizer.threshold!);
  return {
    layer: op.layer,
    code: model.program.layers[op.layer]!.code,
    log2Thresholds: { activation },
    shifts: { activation: roundHalfEven(activation) },
  };
}

function thresholdOf({ parameters }: Model, slot: ParameterSlot): number {
  return parameters[slot.offset]!;
}

function floatsOf({ parameters }: Model, { offset, length }: ParameterSlot): Float32Array {
  return parameters.subarray(offset, offset + length);
}

/** One line a field, and one a layer's parameters. */
function printJson({ parameters, ...head }: ModelJson): string {
  const fields = Object.entries(head).map(
    ([key, value]) => ` ${JSON.stringify(key)}: ${JSON.stringify(value)},\n`,
  );
  const entries = parameters.map((entry) => `  ${JSON.stringify(entry)}`);
  return `{\n${fields.join('')} "parameters": [\n${entries.join(',\n')}\n ]\n}\n`;
}
