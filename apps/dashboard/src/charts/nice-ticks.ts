/** About `count` round numbers within a range, lowest first. */
export function niceTicks(minimum: number, maximum: number, count: number): number[] {
  const span = maximum - minimum;
  if (!(span > 0)) return [minimum];
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((value) => value >= rough) ?? rough;
  const ticks: number[] = [];
  for (let i = Math.ceil(minimum / step); i * step <= maximum; i++) ticks.push(i * step);
  return ticks;
}

/** How many decimals write the step between these ticks exactly, but no more than 8. */
export function decimalsOf(ticks: readonly number[]): number {
  const step = ticks.length > 1 ? ticks[1]! - ticks[0]! : 1;
  for (let decimals = 0; decimals < 8; decimals++) {
    if (Math.abs(Number(step.toFixed(decimals)) - step) < step * 1e-6) return decimals;
  }
  return 8;
}
