export interface Spread {
  readonly mean: number;
  /** Population standard deviation; exactly 0 where all values are equal. */
  readonly deviation: number;
}

export interface Line {
  readonly slope: number;
  readonly intercept: number;
}

/** Mean and population standard deviation of at least one value. */
export function spread(values: readonly number[]): Spread {
  if (values.every((value) => value === values[0])) return { mean: values[0]!, deviation: 0 };
  const mean = average(values);
  return { mean, deviation: Math.sqrt(average(values.map((value) => (value - mean) ** 2))) };
}

/** z-scores under a spread: 0 for every value where all are equal. */
export function zScores(values: readonly number[], { mean, deviation }: Spread): number[] {
  return values.map((value) => (deviation === 0 ? 0 : (value - mean) / deviation));
}

/** The least-squares line of ys over xs, which are not all equal. */
export function fitLine(xs: readonly number[], ys: readonly number[]): Line {
  const meanX = average(xs);
  const meanY = average(ys);
  const covariance = average(xs.map((x, i) => (x - meanX) * (ys[i]! - meanY)));
  const slope = covariance / average(xs.map((x) => (x - meanX) ** 2));
  return { slope, intercept: meanY - slope * meanX };
}

/** Standard deviation of ys around a fitted line, with n - 2 degrees of freedom. */
export function residualDeviation(xs: readonly number[], ys: readonly number[], line: Line): number {
  const squares = xs.map((x, i) => (ys[i]! - line.intercept - line.slope * x) ** 2);
  return Math.sqrt((average(squares) * xs.length) / (xs.length - 2));
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
