import type { ParameterSlot } from '../../network/program.ts';

/** A layer of a Keras 2 model: what stands in model_config, less what every layer has. */
export interface KerasLayer {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of its weights in file order (`kernel`, `w_log_threshold`, …) with where they stand in the vector. */
  readonly weights: readonly KerasWeight[];
  /** Index of the network's layer that it comes from; null for what only Keras needs. */
  readonly layer: number | null;
}

export interface KerasWeight {
  readonly name: string;
  readonly slot: ParameterSlot;
}

/** The beginning of a Keras layer's name: `ConvQ` is `conv_q`, `MaxPooling2D` `max_pooling2d`. */
export function namePrefix(className: string): string {
  return className
    .replace(/(.)([A-Z][a-z0-9]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
