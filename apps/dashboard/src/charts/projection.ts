import type uPlot from 'uplot';

/** From epochs and values to pixels of a plot, without asking it point by point. */
export interface Projection {
  x(epoch: number): number;
  y(value: number): number;
  /** Equal where the same points lie in the same places. */
  readonly key: string;
}

export function projectionOf(plot: uPlot): Projection {
  const [left, right] = [plot.valToPos(0, 'x'), plot.valToPos(1, 'x')];
  const { min = 0, max = 1, distr } = plot.scales.y!;
  const [low, high] = [min ?? 0, max ?? 1];
  const warp = distr === 3 ? Math.log : (value: number) => value;
  const slope = (plot.valToPos(high, 'y') - plot.valToPos(low, 'y')) / (warp(high) - warp(low));
  const origin = plot.valToPos(low, 'y') - slope * warp(low);
  const { width, height } = plot.bbox;
  return {
    x: (epoch) => left + (right - left) * epoch,
    y: (value) => origin + slope * warp(value),
    key: [left, right, slope, origin, width, height].join(' '),
  };
}
