import type { StageName, StrategyName } from '../api/types.ts';

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `98.72%`. */
export function percent(share: number | null | undefined, digits = 2): string {
  return share === null || share === undefined ? '–' : `${(share * 100).toFixed(digits)}%`;
}

/** `1,947`; half bytes are shown. */
export function bytes(count: number): string {
  return Number.isInteger(count) ? whole.format(count) : `${whole.format(Math.floor(count))}.5`;
}

/** `12,345`. */
export function count(value: number): string {
  return whole.format(value);
}

/** `1.2M`, `103k`. */
export function compact(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(value >= 1e7 ? 0 : 1)}M`;
  if (value >= 1e4) return `${Math.round(value / 1e3)}k`;
  return whole.format(value);
}

export function loss(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : value.toFixed(4);
}

/** `+1.523`. */
export function score(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}

/** `42 s`, `3 min 20 s`, `2 h 05 min`, `3 d 4 h`. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return '–';
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, '0')} s`;
  const minutes = Math.round(s / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `just now`, `5 min ago`. */
export function ago(time: string, now: number): string {
  const seconds = Math.max(0, (now - Date.parse(time)) / 1000);
  if (seconds < 10) return 'just now';
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** `14:03:59`. */
export function clock(time: string): string {
  return new Date(time).toLocaleTimeString('en-GB');
}

const titles: Readonly<Record<StageName, string>> = {
  float: 'Float',
  movingScales: 'Moving scales',
  frozenScales: 'Frozen scales',
};

export function stageTitle(stage: StageName): string {
  return titles[stage];
}

/** How convolutions may overwrite their input, the most frugal way first. */
export const strategyTitles: readonly (readonly [StrategyName, string])[] = [
  ['herringbone', 'Herringbone'],
  ['transpose', 'Transpose'],
  ['normal', 'Row by row'],
  ['naive', 'Two buffers'],
];

/** The network without its bits, which most readers know by heart: `A(2) C(5,3x3) S(10)`. */
export function shortNetwork(network: string): string {
  return network.replace(/@[wba\d]+/g, '').replace(/([AMD])\(([\d.]+),\d+\)/g, '$1($2)');
}
