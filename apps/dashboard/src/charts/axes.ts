import type uPlot from 'uplot';
import { cssColor } from '../ui/theme.ts';
import type { Metric } from './curve-geometry.ts';

const font = '11px "Geist", system-ui, sans-serif';

/** Quiet axes in the colours of the theme in force. */
export function chartAxes(metric: Metric, logarithmic = false): uPlot.Axis[] {
  const common = {
    font,
    stroke: () => cssColor('--faint'),
    grid: { stroke: () => cssColor('--line'), width: 1 },
    ticks: { show: false },
  };
  return [
    {
      ...common,
      size: 26,
      gap: 4,
      space: 44,
      filter: (_plot: uPlot, splits: number[]) =>
        splits.map((value) => (value < 0 ? null : value)) as number[],
      incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000],
    },
    {
      ...common,
      size: 52,
      gap: 4,
      space: 26,
      ...(metric === 'loss'
        ? logarithmic
          ? logAxis
          : lossAxis
        : { values: (_plot, splits) => splits.map(percentTick) }),
    },
  ];
}

const lossAxis: Partial<uPlot.Axis> = {
  values: (_plot, splits) => splits.map((value) => String(Number(value.toPrecision(4)))),
};

/** On a logarithmic axis only 1, 2 and 5 are labelled, and lines stand at every digit. */
const logAxis: Partial<uPlot.Axis> = {
  filter: (_plot, splits) =>
    splits.map((value) => ([1, 2, 5].includes(leadingDigit(value)) ? value : null)) as number[],
  values: (_plot, splits) =>
    splits.map((value) => (value === null ? '' : String(Number(value.toPrecision(2))))),
};

function leadingDigit(value: number): number {
  return Math.round(value / 10 ** Math.floor(Math.log10(value) + 1e-9));
}

function percentTick(value: number): string {
  return `${Number((value * 100).toFixed(2))}%`;
}
