/** `98.31%` of a share between 0 and 1. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}

/** `1h 04m`, `3m 20s`, `12s`; `?` where it is not known. */
export function duration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return '?';
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${String(whole % 60).padStart(2, '0')}s`;
  return `${Math.floor(whole / 3600)}h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')}m`;
}

const stageTitles: Readonly<Record<string, string>> = {
  float: 'float',
  movingScales: 'moving scales',
  frozenScales: 'frozen scales',
};

/** A stage's name for people. */
export function stageTitle(stage: string): string {
  return stageTitles[stage] ?? stage;
}
