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

/** `812 bytes`, `4.2 kB`, `1.3 MB`. */
export function byteSize(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
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
