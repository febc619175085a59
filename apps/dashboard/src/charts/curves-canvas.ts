import type uPlot from 'uplot';
import type { Curve } from '../api/types.ts';
import { cssColor } from '../ui/theme.ts';
import { columnOf, type Metric, markValue } from './curve-geometry.ts';

/** What is drawn, and in which colours. */
export interface Picture {
  readonly plot: uPlot;
  readonly metric: Metric;
  readonly stage: string;
  readonly trials: readonly Curve[];
  readonly pickedId: string | null;
}

/** With more trials, marks would hide the curves; the trial under the pointer still has its own. */
const mostMarked = 24;

/** Draws all curves; the picked trial's on top. */
export function drawCurves(canvas: HTMLCanvasElement, picture: Picture): void {
  const { trials, stage, pickedId } = picture;
  const context = prepare(canvas, picture.plot);
  const color = cssColor(`--stage-${stage}`);
  const alpha = Math.min(0.85, Math.max(0.12, 4 / Math.sqrt(trials.length + 16)));
  const marked = trials.length <= mostMarked;
  for (const trial of trials) {
    if (trial.id === pickedId) continue;
    const dead = trial.state === 'failed' || trial.state === 'cancelled';
    context.globalAlpha = dead ? alpha / 3 : alpha;
    stroke(context, picture, trial, color, 1.25);
    context.globalAlpha = 1;
    if (marked) drawMarks(context, picture, trial, color);
  }
  const picked = trials.find(({ id }) => id === pickedId);
  if (picked !== undefined) {
    const gold = cssColor('--gold-fill');
    stroke(context, picture, picked, gold, 2.25);
    drawMarks(context, picture, picked, gold);
  }
  for (const trial of trials) if (trial.state === 'running') drawHead(context, picture, trial);
}

/** Draws the trial under the pointer with its marks; nothing where there is none. */
export function drawHighlight(canvas: HTMLCanvasElement, picture: Picture, hoveredId: string | null): void {
  const context = prepare(canvas, picture.plot);
  const trial = picture.trials.find(({ id }) => id === hoveredId);
  if (trial === undefined) return;
  const color = cssColor(trial.id === picture.pickedId ? '--gold-fill' : `--stage-${picture.stage}`);
  stroke(context, picture, trial, color, 2.5);
  drawMarks(context, picture, trial, color);
}

function prepare(canvas: HTMLCanvasElement, plot: uPlot): CanvasRenderingContext2D {
  const ratio = devicePixelRatio;
  const { width, height } = plot.bbox;
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext('2d')!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.lineJoin = 'round';
  context.lineCap = 'round';
  return context;
}

function stroke(
  context: CanvasRenderingContext2D,
  { plot, metric }: Picture,
  trial: Curve,
  color: string,
  width: number,
): void {
  const values = columnOf(trial, metric);
  context.beginPath();
  for (let i = 0; i < values.length; i++) {
    const x = plot.valToPos(trial.epochs[i]!, 'x');
    const y = plot.valToPos(values[i]!, 'y');
    if (i === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
  context.strokeStyle = color;
  context.lineWidth = width;
  context.stroke();
}

/** A dot at the lowest loss's epoch, whose checkpoint goes on; a ring at the highest accuracy's. */
function drawMarks(
  context: CanvasRenderingContext2D,
  { plot, metric }: Picture,
  trial: Curve,
  color: string,
): void {
  const { lowestLoss, highestAccuracy } = trial;
  if (highestAccuracy !== null) {
    const [x, y] = [
      plot.valToPos(highestAccuracy.epoch, 'x'),
      plot.valToPos(markValue(highestAccuracy, metric), 'y'),
    ];
    context.beginPath();
    context.arc(x, y, 4, 0, 2 * Math.PI);
    context.strokeStyle = color;
    context.lineWidth = 1.5;
    context.stroke();
  }
  if (lowestLoss === null) return;
  context.beginPath();
  const [x, y] = [plot.valToPos(lowestLoss.epoch, 'x'), plot.valToPos(markValue(lowestLoss, metric), 'y')];
  context.arc(x, y, 2.5, 0, 2 * Math.PI);
  context.fillStyle = color;
  context.fill();
}

/** The glowing tip of a curve that is growing. */
function drawHead(context: CanvasRenderingContext2D, { plot, metric }: Picture, trial: Curve): void {
  const epoch = trial.epochs.at(-1);
  const value = columnOf(trial, metric).at(-1);
  if (epoch === undefined || value === undefined) return;
  const [x, y] = [plot.valToPos(epoch, 'x'), plot.valToPos(value, 'y')];
  const color = cssColor('--ember');
  for (const [radius, alpha] of [
    [7, 0.18],
    [3, 1],
  ] as const) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.globalAlpha = alpha;
    context.fillStyle = color;
    context.fill();
  }
  context.globalAlpha = 1;
}
