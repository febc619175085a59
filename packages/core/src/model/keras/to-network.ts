import { z } from 'zod';
import { type LayerDraft, withDefaultBits } from '../../network/default-bits.ts';
import { makeLayer } from '../../network/fields.ts';
import type { Layer } from '../../network/layer.ts';
import type { Shape } from '../../network/shape.ts';
import type { StageName } from '../../protocol/protocol.ts';
import { ModelError } from '../model-error.ts';
import { readBySchema } from '../read-by-schema.ts';
import type { ConfiguredLayer, ModelConfig } from './model-config.ts';
import { readLayer } from './read-layer.ts';

const stageFields = z.looseObject({ fp: z.boolean(), qt: z.number() });

export interface InferredNetwork {
  readonly layers: readonly Layer[];
  readonly input: Shape;
  readonly stage: StageName;
}

/**
 * The network of a model_config. A's bits stand in the Lambda of files that we wrote; else A takes the
 * activation bits of the next weighted layer. M and D have those of the layer before. A depthwise convolution
 * with multiplier 1 before a 1x1 C of the same bits is DSC: T followed by C computes the same.
 * @throws ModelError naming the layer and the field at fault
 */
export function inferNetwork({ input, layers: body }: ModelConfig): InferredNetwork {
  const drafts: LayerDraft[] = [];
  for (let at = 0; at < body.length; ) {
    const { draft, used } = readLayer(body[at]!, body[at + 1]);
    drafts.push(draft);
    at += used;
  }
  const layers = withDefaultBits(drafts).map(({ code, values }, index) => makeLayer(index, code, values));
  return { layers, input: inputShape(input), stage: stageOf(body) };
}

function inputShape(input: ConfiguredLayer): Shape {
  const size = z.int().min(1);
  const schema = z.looseObject({
    batch_input_shape: z.union([z.tuple([z.null(), size, size, size]), z.tuple([z.null(), size])]),
  });
  const parsed = schema.safeParse(input.config);
  if (!parsed.success) {
    const expected = '[null, rows, columns, channels] or [null, units]';
    throw new ModelError(`${input.name}.batch_input_shape`, input.config.batch_input_shape, expected);
  }
  const [, ...axes] = parsed.data.batch_input_shape;
  const [rows, cols, channels] = axes.length === 1 ? [1, 1, axes[0]] : axes;
  return { rows, cols, channels };
}

function stageOf(layers: readonly ConfiguredLayer[]): StageName {
  const quantized = layers.filter(({ className }) => className.endsWith('Q'));
  const stages = quantized.map(({ name, config }): StageName => {
    const { fp, qt } = readBySchema(stageFields, config, name);
    if (fp) return 'float';
    return qt === 0 ? 'frozenScales' : 'movingScales';
  });
  const other = stages.findIndex((stage) => stage !== stages[0]);
  if (other !== -1) {
    const { name, config } = quantized[other]!;
    const { fp, qt } = quantized[0]!.config;
    throw new ModelError(
      `${name}: fp and qt`,
      [config.fp, config.qt],
      `${JSON.stringify([fp, qt])}, as in ${quantized[0]!.name}`,
    );
  }
  return stages[0] ?? 'float';
}
