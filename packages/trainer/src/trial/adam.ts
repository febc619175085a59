const f = Math.fround;

/** Kingma and Ba's decay rates, and the epsilon that is added to the root of the uncorrected second moment. */
const adam = { first: 0.9, second: 0.999, epsilon: 1e-7 } as const;

export interface AdamState {
  readonly parameters: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
}

/**
 * One step of Adam in single precision, every operation rounded:
 * m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; p -= (rate m) / (sqrt(v) + epsilon).
 * `rate` is lr sqrt(1 - b2^t) / (1 - b1^t), from `createAdamRate`.
 */
export function adamStep(state: AdamState, gradients: Float32Array, rate: number): void {
  const { parameters, firstMoment, secondMoment } = state;
  const [b1, c1, b2, c2] = [f(adam.first), f(1 - adam.first), f(adam.second), f(1 - adam.second)];
  const epsilon = f(adam.epsilon);
  const step = f(rate);
  for (let i = 0; i < parameters.length; i++) {
    const g = gradients[i]!;
    const m = f(f(b1 * firstMoment[i]!) + f(c1 * g));
    const v = f(f(b2 * secondMoment[i]!) + f(c2 * f(g * g)));
    firstMoment[i] = m;
    secondMoment[i] = v;
    parameters[i] = f(parameters[i]! - f(f(step * m) / f(f(Math.sqrt(v)) + epsilon)));
  }
}

/** The step sizes of successive steps; powers come from repeated multiplication, so a resume gives the same. */
export function createAdamRate(stepsDone: number): (learningRate: number) => number {
  let first = 1;
  let second = 1;
  for (let i = 0; i < stepsDone; i++) {
    first *= adam.first;
    second *= adam.second;
  }
  return (learningRate) => {
    first *= adam.first;
    second *= adam.second;
    return (learningRate * Math.sqrt(1 - second)) / (1 - first);
  };
}
