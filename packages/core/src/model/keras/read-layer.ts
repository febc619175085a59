import { z } from 'zod';
import type { LayerDraft } from '../../network/default-bits.ts';
import type { FieldValues } from '../../network/fields.ts';
import type { LayerCode } from '../../network/layer.ts';
import { ModelError } from '../model-error.ts';
import { readBySchema } from '../read-by-schema.ts';
import { lambdaBits } from './lambda.ts';
import type { ConfiguredLayer } from './model-config.ts';

const whole = z.int();
const pair = z.tuple([whole, whole]);
const bits = { wq: whole, bq: whole, aq: whole };
const activation = z.enum(['relu', 'linear']);
const window = { kernel_size: pair, strides: pair, padding: z.literal('valid') };
const pool = z.looseObject({ pool_size: pair, strides: pair, padding: z.literal('valid') });
const convolution = z.looseObject({ output_dim: whole, ...window, activation, ...bits });
const thinConvolution = z.looseObject({
  multiplier: whole,
  ...window,
  activation: z.literal('linear'),
  ...bits,
});
const dense = z.looseObject({ output_dim: whole, activation, ...bits });

interface Reading {
  readonly draft: LayerDraft;
  /** How many Keras layers it stands for. */
  readonly used: 1 | 2;
}

function reading(code: LayerCode, values: FieldValues, used: 1 | 2 = 1): Reading {
  return { draft: { code, values }, used };
}

/**
 * Reads a layer, together with the next where the two are one of the network's.
 * @throws ModelError naming the layer and the field at fault
 */
export function readLayer(layer: ConfiguredLayer, next: ConfiguredLayer | undefined): Reading {
  const { className, name, config } = layer;
  const read = <T>(schema: z.ZodType<T>): T => readBySchema(schema, config, name);
  switch (className) {
    case 'AveragePooling2D': {
      requireNext(layer, next, 'Lambda');
      const own = lambdaBits(next);
      const values = { pool: poolOf(layer), ...(own === null ? {} : { activationBits: own }) };
      return reading('A', values, 2);
    }
    case 'MaxPooling2D':
      return reading('M', { pool: poolOf(layer) });
    case 'ConvQ': {
      const fields = read(convolution);
      const code = fields.activation === 'relu' ? 'C' : 'CN';
      return reading(code, { filters: fields.output_dim, ...windowOf(fields), ...bitsOf(fields) });
    }
    case 'ThinConvQ': {
      const fields = read(thinConvolution);
      const values = { ...windowOf(fields), ...bitsOf(fields) };
      const filters = fields.multiplier === 1 ? mixingFilters(fields, next) : null;
      return filters === null
        ? reading('T', { multiplier: fields.multiplier, ...values })
        : reading('DSC', { filters, ...values }, 2);
    }
    case 'ResidQ':
      return reading('R', bitsOf(read(z.looseObject(bits))));
    case 'DenseQ': {
      const fields = read(dense);
      const code = fields.activation === 'relu' ? 'F' : 'S';
      return reading(code, { units: fields.output_dim, ...bitsOf(fields) });
    }
    case 'Dropout':
      return reading('D', { rate: read(z.looseObject({ rate: z.number() })).rate });
    case 'GaussianNoise': {
      const { stddev } = read(z.looseObject({ stddev: z.number() }));
      requireNext(layer, next, 'QuantQ');
      return reading('N', { stddev, activationBits: quantizerBits(next) }, 2);
    }
    case 'QuantQ':
      return reading('Q', { activationBits: quantizerBits(layer) });
    default:
      throw new ModelError(`the class of ${name}`, className, 'a class of the published models');
  }
}

function requireNext(
  { name }: ConfiguredLayer,
  next: ConfiguredLayer | undefined,
  className: string,
): asserts next is ConfiguredLayer {
  if (next?.className === className) return;
  throw new ModelError(`the class of the layer after ${name}`, next?.className, className);
}

function poolOf({ name, config }: ConfiguredLayer): number {
  const { pool_size, strides } = readBySchema(pool, config, name);
  const [size] = pool_size;
  for (const [field, value] of Object.entries({ pool_size, strides })) {
    if (value[0] === size && value[1] === size) continue;
    throw new ModelError(`${name}.${field}`, value, `[${size}, ${size}]`);
  }
  return size;
}

function quantizerBits({ name, config }: ConfiguredLayer): number {
  return readBySchema(z.looseObject({ aq: whole }), config, name).aq;
}

function windowOf({ kernel_size, strides }: Pick<z.output<typeof convolution>, 'kernel_size' | 'strides'>) {
  return {
    kernelRows: kernel_size[0],
    kernelCols: kernel_size[1],
    strideRows: strides[0],
    strideCols: strides[1],
  };
}

interface KerasBits {
  readonly wq: number;
  readonly bq: number;
  readonly aq: number;
}

function bitsOf({ wq, bq, aq }: KerasBits) {
  return { weightBits: wq, biasBits: bq, activationBits: aq };
}

/** The filters of a 1x1 C with the same bits, the second half of DSC; null where the next layer is no such. */
function mixingFilters({ wq, bq, aq }: KerasBits, next: ConfiguredLayer | undefined): number | null {
  if (next?.className !== 'ConvQ') return null;
  const fields = readBySchema(convolution, next.config, next.name);
  const point = [...fields.kernel_size, ...fields.strides].every((size) => size === 1);
  const sameBits = fields.wq === wq && fields.bq === bq && fields.aq === aq;
  return point && sameBits && fields.activation === 'relu' ? fields.output_dim : null;
}
