import { drawStanding, isGrowing, type Picture } from './curves-canvas.ts';

/** Milliseconds of a frame that painting may take: the rest is for scrolling and pointing. */
const share = 4;
/** Curves between two looks at the clock. */
const portion = 32;

export interface CurvesPainter {
  paint(picture: Picture): void;
  stop(): void;
}

/**
 * Paints the curves that stand without holding a frame up: thousands are drawn out of sight, some in each frame, and
 * shown when all are there; few are there at once. What would look the same is not painted again, and while something
 * is being painted, the newest picture that came since waits, unless everything has moved.
 */
export function createCurvesPainter(shown: HTMLCanvasElement): CurvesPainter {
  const hidden = document.createElement('canvas');
  let current: { readonly picture: Picture; readonly steps: Generator<void, void, void> } | null = null;
  let waiting: Picture | null = null;
  let painted = '';
  let frame = 0;

  function work(): void {
    if (current === null) return;
    const end = performance.now() + share;
    for (let count = 1; current.steps.next().done !== true; count++) {
      if (count % portion !== 0) continue;
      settle(hidden);
      if (performance.now() <= end) continue;
      frame = requestAnimationFrame(work);
      return;
    }
    show();
    current = null;
    if (waiting !== null) start(waiting);
  }

  function start(picture: Picture): void {
    waiting = null;
    painted = lookOf(picture);
    current = { picture, steps: drawStanding(hidden, picture) };
    work();
  }

  function show(): void {
    if (shown.width !== hidden.width || shown.height !== hidden.height) {
      shown.width = hidden.width;
      shown.height = hidden.height;
    }
    const context = shown.getContext('2d')!;
    context.clearRect(0, 0, shown.width, shown.height);
    context.drawImage(hidden, 0, 0);
  }

  return {
    paint: (picture) => {
      if (lookOf(picture) === painted) {
        waiting = null;
        return;
      }
      if (current !== null && current.picture.projection.key === picture.projection.key) {
        waiting = picture;
        return;
      }
      cancelAnimationFrame(frame);
      start(picture);
    },
    stop: () => {
      cancelAnimationFrame(frame);
      current = null;
      waiting = null;
    },
  };
}

/** Browsers put drawing off until somebody looks: this has it done now, so that the clock counts it. */
function settle(canvas: HTMLCanvasElement): void {
  canvas.getContext('2d')!.getImageData(0, 0, 1, 1);
}

/** Equal where the curves that stand look the same. */
function lookOf({ trials, pickedId, projection, metric, theme }: Picture): string {
  let [standing, epochs, dead] = [0, 0, 0];
  for (const trial of trials) {
    if (isGrowing(trial)) continue;
    standing += 1;
    epochs += trial.epochs.length;
    if (trial.invalid || trial.state !== 'succeeded') dead += 1;
  }
  return [projection.key, metric, theme, pickedId, trials.length, standing, epochs, dead].join(' ');
}
