/**
 * Percentile p (0 to 100) of `sorted`, in ascending order and not empty, with linear interpolation between
 * neighbours at place p / 100 * (n - 1): NumPy's default.
 */
export function percentile(sorted: Float64Array, p: number): number {
  const place = (p / 100) * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (place - below);
}

/** The larger magnitude of percentiles p and 100 - p of `values`; 0 where there are none. */
export function percentileMagnitude(values: ArrayLike<number>, p: number): number {
  if (values.length === 0) return 0;
  const sorted = Float64Array.from(values).sort();
  return Math.max(Math.abs(percentile(sorted, p)), Math.abs(percentile(sorted, 100 - p)));
}
