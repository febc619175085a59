const decay1 = 0.9;
const decay2 = 0.999;
const epsilon = 1e-7;

/** Adam's state over the flat parameter vector, updated in place. */
export interface AdamState {
  readonly parameters: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
}

/** decay1^t and decay2^t after t steps, as chains of products: Math.pow differs between engines. */
export class DecayPowers {
  #first = 1;
  #second = 1;

  constructor(steps: number) {
    for (let t = 0; t < steps; t++) this.advance();
  }

  advance(): void {
    this.#first *= decay1;
    this.#second *= decay2;
  }

  /** What the learning rate is multiplied by in step t: sqrt(1 - decay2^t) / (1 - decay1^t). */
  get correction(): number {
    return Math.sqrt(1 - this.#second) / (1 - this.#first);
  }
}

/**
 * One step of Adam (Kingma and Ba, 2015, section 2's last paragraph): epsilon stands beside the root of the
 * uncorrected second moment, and the correction is in the rate.
 */
export function adamStep(
  { parameters, firstMoment, secondMoment }: AdamState,
  gradient: Float32Array,
  correctedRate: number,
): void {
  for (let i = 0; i < parameters.length; i++) {
    const slope = gradient[i]!;
    const first = Math.fround(decay1 * firstMoment[i]! + (1 - decay1) * slope);
    const second = Math.fround(decay2 * secondMoment[i]! + (1 - decay2) * slope * slope);
    firstMoment[i] = first;
    secondMoment[i] = second;
    parameters[i] = parameters[i]! - (correctedRate * first) / (Math.sqrt(second) + epsilon);
  }
}
