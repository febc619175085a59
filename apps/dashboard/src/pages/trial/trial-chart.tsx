import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { Epoch, Trial } from '../../api/types.ts';
import { chartAxes } from '../../charts/axes.ts';
import type { Metric } from '../../charts/curve-geometry.ts';
import { Loading } from '../../ui/parts.tsx';
import { cssColor, theme } from '../../ui/theme.ts';

const height = 220;

/** One trial's curve, its two checkpoints marked. */
export function TrialChart(props: {
  readonly epochs: readonly Epoch[] | null;
  readonly trial: Trial;
  readonly metric: Metric;
}) {
  const { epochs, trial, metric } = props;
  const box = useRef<HTMLDivElement>(null);
  const shown = theme.value;
  useEffect(() => {
    const host = box.current;
    if (host === null || epochs === null || epochs.length === 0) return;
    const color = cssColor(`--stage-${trial.stage}`);
    const last = Math.max(1, trial.epochsTotal - 1);
    const plot = new uPlot(
      {
        width: host.clientWidth,
        height,
        legend: { show: false },
        cursor: { points: { size: 6 }, y: false },
        scales: { x: { time: false, range: () => [-0.02 * last, 1.02 * last] } },
        axes: chartAxes(metric),
        series:
          metric === 'loss'
            ? [
                {},
                { stroke: cssColor('--faint'), width: 1, points: { show: false } },
                { stroke: color, width: 2, points: { show: false } },
              ]
            : [{}, { stroke: color, width: 2, points: { show: false } }],
        hooks: { draw: [(drawn) => drawMarks(drawn, trial, metric, color)] },
      },
      metric === 'loss'
        ? [
            epochs.map(({ epoch }) => epoch),
            epochs.map(({ trainLoss }) => trainLoss),
            epochs.map(({ validationLoss }) => validationLoss),
          ]
        : [epochs.map(({ epoch }) => epoch), epochs.map(({ validationAccuracy }) => validationAccuracy)],
      host,
    );
    const observer = new ResizeObserver(() => plot.setSize({ width: host.clientWidth, height }));
    observer.observe(host);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [epochs, trial, metric, shown]);
  if (epochs === null) return <Loading height={height} />;
  const label = `${metric} over ${epochs.length} epochs`;
  return (
    <div class="chart" role="img" aria-label={label}>
      <div ref={box} style={{ minHeight: `${height}px` }} />
      {epochs.length === 0 && <p class="chart-empty faint small">No epoch yet</p>}
    </div>
  );
}

function drawMarks(plot: uPlot, trial: Trial, metric: Metric, color: string): void {
  const { ctx } = plot;
  const ratio = devicePixelRatio;
  const marks = [
    { mark: trial.highestAccuracy, radius: 5, filled: false },
    { mark: trial.lowestLoss, radius: 3.5, filled: true },
  ];
  ctx.save();
  for (const { mark, radius, filled } of marks) {
    if (mark === null) continue;
    const value = metric === 'loss' ? mark.validationLoss : mark.validationAccuracy;
    ctx.beginPath();
    ctx.arc(
      plot.valToPos(mark.epoch, 'x', true),
      plot.valToPos(value, 'y', true),
      radius * ratio,
      0,
      2 * Math.PI,
    );
    ctx.lineWidth = 1.75 * ratio;
    ctx.strokeStyle = color;
    ctx.fillStyle = color;
    if (filled) ctx.fill();
    else ctx.stroke();
  }
  ctx.restore();
}
