import { drawCurves, type Picture } from './curves-canvas.ts';

/** Milliseconds of a frame that painting may take: the rest is for scrolling and pointing. */
const share = 5;

export interface CurvesPainter {
  paint(picture: Picture): void;
  stop(): void;
}

/**
 * Paints pictures onto a canvas without holding a frame up: thousands of curves are drawn out of sight, some in each
 * frame, and shown when all are there. A picture of few curves is there at once. While one is being painted, the
 * newest that came since waits, unless everything has moved.
 */
export function createCurvesPainter(shown: HTMLCanvasElement): CurvesPainter {
  const hidden = document.createElement('canvas');
  let current: { readonly picture: Picture; readonly steps: Generator<void, void, void> } | null = null;
  let waiting: Picture | null = null;
  let frame = 0;

  function work(): void {
    if (current === null) return;
    const end = performance.now() + share;
    let count = 0;
    while (current.steps.next().done !== true) {
      count += 1;
      if (count % 16 === 0 && performance.now() > end) {
        frame = requestAnimationFrame(work);
        return;
      }
    }
    show();
    current = null;
    if (waiting !== null) start(waiting);
  }

  function start(picture: Picture): void {
    waiting = null;
    current = { picture, steps: drawCurves(hidden, picture) };
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
