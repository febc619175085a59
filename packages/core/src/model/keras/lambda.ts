import { z } from 'zod';
import type { ConfiguredLayer } from './model-config.ts';

/** The function that our Lambda layers call after average pooling: quantization by floor at scale 1. */
export const floorFunction = 'quantize_floor';

const ownLambda = z.looseObject({
  function: z.literal(floorFunction),
  arguments: z.looseObject({ bits: z.int() }),
});

/** The bits in a Lambda that we wrote; null for any other: what a published one captured is not A's bits. */
export function lambdaBits({ config }: ConfiguredLayer): number | null {
  const parsed = ownLambda.safeParse(config);
  return parsed.success ? parsed.data.arguments.bits : null;
}
