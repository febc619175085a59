import type { TensorBackend } from './tensor/backend-names.ts';
import type { Trainer } from './trainer.ts';

export const trainerNames = ['kiln', 'tensor'] as const;
export type TrainerName = (typeof trainerNames)[number];

/** Which trainer to run, and how. */
export interface TrainerSpec {
  /** `kiln`: our kernels, for CPUs. `tensor`: tfjs-core, for GPUs and as the cross-check. */
  readonly trainer: TrainerName;
  /** What `tensor` runs on; by default `wasm`. */
  readonly backend?: TensorBackend;
  /** Index of the GPU of backend `node-gpu`. */
  readonly device?: number;
  /** For `kiln`: relaxed SIMD, faster but with other bytes on other hosts. */
  readonly relaxed?: boolean;
}

/**
 * Makes the trainer asked for; the other's code is not loaded.
 * @throws Error naming the option that has no meaning for it, or saying what the backend lacks
 */
export async function createTrainer(spec: TrainerSpec): Promise<Trainer> {
  switch (spec.trainer) {
    case 'kiln': {
      refuse(spec, 'backend', 'device');
      const { createKilnTrainer } = await import('./kiln/kiln-trainer.ts');
      return createKilnTrainer(spec.relaxed === undefined ? {} : { relaxed: spec.relaxed });
    }
    case 'tensor': {
      refuse(spec, 'relaxed');
      const { createTensorTrainer } = await import('./tensor/tensor-trainer.ts');
      const device = spec.device === undefined ? {} : { device: spec.device };
      return createTensorTrainer({ backend: spec.backend ?? 'wasm', ...device });
    }
    default:
      throw new RangeError(
        `trainer is ${JSON.stringify(spec.trainer)}; expected one of ${trainerNames.join(', ')}`,
      );
  }
}

function refuse(spec: TrainerSpec, ...options: readonly (keyof TrainerSpec)[]): void {
  for (const option of options) {
    if (spec[option] === undefined) continue;
    throw new RangeError(
      `${option} is ${JSON.stringify(spec[option])}, but trainer ${spec.trainer} has no such option`,
    );
  }
}
