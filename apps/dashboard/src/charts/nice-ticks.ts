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

/** How many decimals tell these ticks apart. */
export function decimalsOf(ticks: readonly number[]): number {
  const step = ticks.length > 1 ? ticks[1]! - ticks[0]! : 1;
  return Math.min(6, Math.max(0, Math.ceil(-Math.log10(step) + 0.31)));
}
