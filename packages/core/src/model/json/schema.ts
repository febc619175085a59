import { z } from 'zod';
import { stageNames } from '../../protocol/protocol.ts';

export const formatName = 'bitkiln-model';
export const formatVersion = 1;

const whole = z.int().min(0);

export const provenanceSchema = z.strictObject({
  experimentId: z.string(),
  trialId: z.string(),
  seeds: z.strictObject({ experiment: whole, stage: z.enum(stageNames), trial: whole }),
  numericsId: z.string(),
  reproducible: z.boolean(),
  dataHash: z.string(),
  version: z.string(),
});

const perKind = (value: z.ZodNumber) =>
  z.strictObject({ weight: value.optional(), bias: value.optional(), activation: value });

const parametersSchema = z.strictObject({
  layer: whole,
  code: z.string(),
  kernelShape: z.array(whole).optional(),
  kernel: z.array(z.int()).optional(),
  bias: z.array(z.int()).optional(),
  log2Thresholds: perKind(z.number()),
  shifts: perKind(z.int()),
});

/** model.json, format version 1: see docs/model-json.md. */
export const modelJsonSchema = z.strictObject({
  format: z.literal(formatName),
  formatVersion: z.literal(formatVersion),
  network: z.strictObject({ compact: z.string(), layers: z.array(z.array(z.unknown())) }),
  input: z.strictObject({ rows: whole, cols: whole, channels: whole }),
  classes: whole,
  stage: z.enum(stageNames),
  provenance: provenanceSchema.nullable(),
  parameters: z.array(parametersSchema),
});

export type ModelJson = z.output<typeof modelJsonSchema>;
export type ParametersJson = ModelJson['parameters'][number];

const numbers = z.array(z.number());

/** The JSON that the published model comes in: float weights, and what they quantize to. */
export const publishedSchema = z.looseObject({
  layers: z.string(),
  parameters: z.array(
    z.looseObject({
      kernelShape: z.array(whole),
      kernel: numbers,
      bias: numbers,
      weightLogThreshold: z.number(),
      biasLogThreshold: z.number(),
      activationLogThreshold: z.number(),
      kernelInt4: z.array(z.int()).optional(),
      biasInt8: z.array(z.int()).optional(),
    }),
  ),
});
