import { effect, type Signal } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { Curve, StageName } from '../api/types.ts';
import { loss, percent } from '../format/format.ts';
import { theme } from '../ui/theme.ts';
import { chartAxes } from './axes.ts';
import { columnOf, isWide, type Metric, placeOf, steadied, valueAt, valueRange } from './curve-geometry.ts';
import { drawGrowing, drawHighlight, type Picture } from './curves-canvas.ts';
import { createCurvesPainter } from './curves-painter.ts';
import { projectionOf } from './projection.ts';

export type { Metric } from './curve-geometry.ts';

interface Props {
  readonly trials: readonly Curve[];
  readonly epochs: number;
  readonly metric: Metric;
  readonly stage: StageName;
  readonly pickedId: string | null;
  readonly hovered: Signal<string | null>;
  readonly version: Signal<number>;
  readonly onOpen: (trialId: string) => void;
}

const height = 216;
/** A curve further from the pointer than this is not meant. */
const reach = 28;

interface Tip {
  readonly left: number;
  readonly top: number;
  readonly trial: number;
  readonly note: string;
  readonly epoch: number;
  readonly value: number;
}

/** All curves of a stage on a canvas. Pointing at one fades the others; a click opens it; a drag zooms in. */
export function CurvesChart(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [tip, setTip] = useState<Tip | null>(null);
  const redraw = useRef(() => {});
  const { epochs, metric, stage, trials, pickedId } = props;
  const version = props.version.value;
  const shownTheme = theme.value;
  // Trials change in place, and their version says when.
  const last = useRef<{ readonly of: string; readonly range: readonly [number, number] } | null>(null);
  const range = useMemo(() => {
    const of = `${stage} ${metric}`;
    const next = valueRange(trials, metric);
    const held = last.current?.of === of ? steadied(last.current.range, next) : next;
    last.current = { of, range: held };
    return held;
  }, [trials, metric, stage, version]);
  const wide = metric === 'loss' && isWide(range);
  const latest = useRef({ ...props, range });
  latest.current = { ...props, range };

  useEffect(() => {
    const host = box.current!;
    const base = layer('curves');
    const growing = layer('curves');
    const top = layer('highlight');
    const painter = createCurvesPainter(base);
    const { hovered } = latest.current;
    // Marks at the first and the last epoch must not be cut in half.
    const pad = Math.max(1, epochs - 1) * 0.025;
    const plot = new uPlot(
      {
        width: host.clientWidth,
        height,
        legend: { show: false },
        cursor: { points: { show: false }, drag: { x: true, y: false }, y: false },
        scales: {
          x: { time: false, range: (_plot, minimum, maximum) => [minimum, maximum] },
          y: { distr: wide ? 3 : 1, range: () => [...latest.current.range] },
        },
        axes: chartAxes(metric, wide),
        series: [{}, { paths: () => null, points: { show: false } }],
        hooks: {
          draw: [draw],
          setCursor: [({ cursor }) => point(cursor.left ?? -1, cursor.top ?? -1)],
        },
      },
      [[-pad, Math.max(1, epochs - 1) + pad], [...latest.current.range]],
      host,
    );
    plot.over.append(base, growing, top);

    function picture(): Picture {
      const { width, height: tall } = plot.bbox;
      const { trials: drawn, pickedId: picked } = latest.current;
      return {
        projection: projectionOf(plot),
        width,
        height: tall,
        metric,
        stage,
        trials: drawn,
        pickedId: picked,
        theme: theme.peek(),
      };
    }
    function draw(): void {
      painter.paint(picture());
      drawGrowing(growing, picture());
    }
    function point(left: number, pointerTop: number): void {
      const near = left < 0 ? null : nearest(plot, latest.current.trials, metric, left, pointerTop);
      const id = near?.id ?? null;
      if (hovered.peek() !== id) hovered.value = id;
      setTip(near === null ? null : tipOf(plot, near, metric, left));
    }
    const click = () => {
      const id = hovered.peek();
      if (id !== null) latest.current.onOpen(id);
    };
    plot.over.addEventListener('click', click);
    redraw.current = () => {
      const [min, max] = latest.current.range;
      plot.redraw(false, true);
      plot.setScale('y', { min, max });
      drawHighlight(top, picture(), hovered.peek());
    };
    const stop = effect(() => {
      const id = hovered.value;
      const here = latest.current.trials.some((trial) => trial.id === id);
      for (const canvas of [base, growing]) canvas.dataset.faded = String(here);
      drawHighlight(top, picture(), id);
    });
    const observer = new ResizeObserver(() => {
      plot.setSize({ width: host.clientWidth, height });
      drawHighlight(top, picture(), hovered.peek());
    });
    observer.observe(host);
    return () => {
      redraw.current = () => {};
      observer.disconnect();
      stop();
      painter.stop();
      plot.destroy();
    };
  }, [metric, stage, epochs, wide]);

  useEffect(() => redraw.current(), [range, trials, version, pickedId, shownTheme]);

  return (
    <div class="chart" role="img" aria-label={describe(props)}>
      <div ref={box} />
      {trials.length === 0 && <p class="chart-empty faint small">No epoch yet</p>}
      {tip && (
        <div class="tip" style={{ left: `${tip.left}px`, top: `${tip.top}px` }}>
          <strong>
            Trial {tip.trial}
            {tip.note}
          </strong>
          <span>
            epoch {tip.epoch} · {metric === 'loss' ? loss(tip.value) : percent(tip.value)}
          </span>
        </div>
      )}
    </div>
  );
}

function layer(name: string): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.className = `layer ${name}`;
  return canvas;
}

function nearest(
  plot: uPlot,
  trials: readonly Curve[],
  metric: Metric,
  left: number,
  top: number,
): Curve | null {
  const epoch = plot.posToVal(left, 'x');
  const projection = projectionOf(plot);
  let best: Curve | null = null;
  let distance = reach;
  for (const trial of trials) {
    const value = valueAt(trial, metric, epoch);
    if (value === null) continue;
    const away = Math.abs(projection.y(value) - top);
    if (away >= distance) continue;
    best = trial;
    distance = away;
  }
  return best;
}

function tipOf(plot: uPlot, trial: Curve, metric: Metric, left: number): Tip {
  const place = Math.max(0, placeOf(trial.epochs, plot.posToVal(left, 'x') + 0.5));
  const epoch = trial.epochs[place]!;
  const value = columnOf(trial, metric)[place]!;
  const { left: edgeLeft, top: edgeTop, width } = plot.bbox;
  const x = plot.valToPos(epoch, 'x');
  const flip = x > width / devicePixelRatio - 130;
  return {
    left: edgeLeft / devicePixelRatio + x + (flip ? -130 : 12),
    top: Math.max(0, edgeTop / devicePixelRatio + plot.valToPos(value, 'y') - 40),
    trial: trial.index,
    note: trial.invalid ? ', invalid' : '',
    epoch,
    value,
  };
}

function describe({ trials, metric, epochs }: Props): string {
  const started = trials.filter(({ epochsDone }) => epochsDone > 0).length;
  return `Validation ${metric} of ${started} trials over ${epochs} epochs; the table of trials has the figures`;
}
