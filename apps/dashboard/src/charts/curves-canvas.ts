import type { Curve } from '../api/types.ts';
import { cssColor } from '../ui/theme.ts';
import { columnOf, type Metric, markValue } from './curve-geometry.ts';
import type { Projection } from './projection.ts';

/** What is drawn, where, and in which colours. */
export interface Picture {
  readonly projection: Projection;
  /** Of the canvas, in its own pixels. */
  readonly width: number;
  readonly height: number;
  readonly metric: Metric;
  readonly stage: string;
  readonly trials: readonly Curve[];
  readonly pickedId: string | null;
  readonly theme: string;
}

/** With more trials, marks would hide the curves; the trial under the pointer still has its own. */
const mostMarked = 24;

/** Whether a trial's curve grows: few do at a time, and they are drawn apart from the many that stand. */
export function isGrowing({ state }: Curve): boolean {
  return state === 'running';
}

/** Draws the curves that stand, the picked trial's on top; yields behind each, so that it can be put off anywhere. */
export function* drawStanding(canvas: HTMLCanvasElement, picture: Picture): Generator<void, void, void> {
  const context = prepare(canvas, picture, { willReadFrequently: true });
  const ink = inkOf(picture);
  for (const trial of picture.trials) {
    if (trial.id === picture.pickedId || isGrowing(trial)) continue;
    drawTrial(context, picture, trial, ink);
    yield;
  }
  const picked = picture.trials.find(({ id }) => id === picture.pickedId);
  if (picked === undefined) return;
  const gold = cssColor('--gold-fill');
  stroke(context, picture, picked, gold, 2.25);
  drawMarks(context, picture, picked, gold);
}

/** Draws the curves that grow, each with its glowing tip. */
export function drawGrowing(canvas: HTMLCanvasElement, picture: Picture): void {
  const context = prepare(canvas, picture);
  const ink = inkOf(picture);
  const growing = picture.trials.filter(isGrowing);
  for (const trial of growing) drawTrial(context, picture, trial, ink);
  for (const trial of growing) drawHead(context, picture, trial);
}

interface Ink {
  readonly color: string;
  readonly alpha: number;
  readonly marked: boolean;
}

function inkOf({ trials, stage }: Picture): Ink {
  return {
    color: cssColor(`--stage-${stage}`),
    alpha: Math.min(0.85, Math.max(0.12, 4 / Math.sqrt(trials.length + 16))),
    marked: trials.length <= mostMarked,
  };
}

function drawTrial(context: CanvasRenderingContext2D, picture: Picture, trial: Curve, ink: Ink): void {
  const dead = trial.invalid || trial.state === 'failed' || trial.state === 'cancelled';
  context.globalAlpha = dead ? ink.alpha / 3 : ink.alpha;
  stroke(context, picture, trial, ink.color, 1.25);
  context.globalAlpha = 1;
  if (ink.marked) drawMarks(context, picture, trial, ink.color);
}

/** Draws the trial under the pointer with its marks; nothing where there is none. */
export function drawHighlight(canvas: HTMLCanvasElement, picture: Picture, hoveredId: string | null): void {
  const context = prepare(canvas, picture);
  const trial = picture.trials.find(({ id }) => id === hoveredId);
  if (trial === undefined) return;
  const color = cssColor(trial.id === picture.pickedId ? '--gold-fill' : `--stage-${picture.stage}`);
  stroke(context, picture, trial, color, 2.5);
  drawMarks(context, picture, trial, color);
}

function prepare(
  canvas: HTMLCanvasElement,
  { width, height }: Picture,
  settings: CanvasRenderingContext2DSettings = {},
): CanvasRenderingContext2D {
  const ratio = devicePixelRatio;
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext('2d', settings)!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.lineJoin = 'round';
  context.lineCap = 'round';
  return context;
}

/** An invalid trial's curve is dashed. */
function stroke(
  context: CanvasRenderingContext2D,
  { projection, metric }: Picture,
  trial: Curve,
  color: string,
  width: number,
): void {
  const values = columnOf(trial, metric);
  context.setLineDash(trial.invalid ? [2, 4] : []);
  context.beginPath();
  for (let i = 0; i < values.length; i++) {
    const x = projection.x(trial.epochs[i]!);
    const y = projection.y(values[i]!);
    if (i === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
  context.strokeStyle = color;
  context.lineWidth = width;
  context.stroke();
  context.setLineDash([]);
}

/** A dot at the lowest loss's epoch, whose checkpoint goes on; a ring at the highest accuracy's. */
function drawMarks(
  context: CanvasRenderingContext2D,
  { projection, metric }: Picture,
  trial: Curve,
  color: string,
): void {
  const { lowestLoss, highestAccuracy } = trial;
  if (highestAccuracy !== null) {
    context.beginPath();
    context.arc(
      projection.x(highestAccuracy.epoch),
      projection.y(markValue(highestAccuracy, metric)),
      4,
      0,
      2 * Math.PI,
    );
    context.strokeStyle = color;
    context.lineWidth = 1.5;
    context.stroke();
  }
  if (lowestLoss === null) return;
  context.beginPath();
  context.arc(
    projection.x(lowestLoss.epoch),
    projection.y(markValue(lowestLoss, metric)),
    2.5,
    0,
    2 * Math.PI,
  );
  context.fillStyle = color;
  context.fill();
}

/** The glowing tip of a curve that is growing. */
function drawHead(context: CanvasRenderingContext2D, { projection, metric }: Picture, trial: Curve): void {
  const epoch = trial.epochs.at(-1);
  const value = columnOf(trial, metric).at(-1);
  if (epoch === undefined || value === undefined) return;
  const color = cssColor('--ember');
  for (const [radius, alpha] of [
    [7, 0.18],
    [3, 1],
  ] as const) {
    context.beginPath();
    context.arc(projection.x(epoch), projection.y(value), radius, 0, 2 * Math.PI);
    context.globalAlpha = alpha;
    context.fillStyle = color;
    context.fill();
  }
  context.globalAlpha = 1;
}
