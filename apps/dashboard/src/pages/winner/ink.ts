import type { Shape } from '@bitkiln/core';

/** MNIST's digits fill 20 of 28 pixels, their centre of mass in the middle. */
const filled = 20 / 28;

/**
 * A drawing as an image that looks like those of the data set: cut out, scaled so that its longer side fills 20 of 28
 * pixels, and shifted so that its centre of mass is in the middle. Null where nothing is drawn.
 */
export function imageOfDrawing(
  drawing: HTMLCanvasElement,
  { rows, cols, channels }: Shape,
): Uint8Array | null {
  const box = inkBox(drawing);
  if (box === null) return null;
  const scale = (Math.min(rows, cols) * filled) / Math.max(box.width, box.height);
  const [width, height] = [box.width * scale, box.height * scale];
  const centred = render(
    drawing,
    box,
    { left: (cols - width) / 2, top: (rows - height) / 2, width, height },
    rows,
    cols,
  );
  const mass = centreOfMass(centred, rows, cols);
  const shifted = render(
    drawing,
    box,
    {
      left: (cols - width) / 2 + Math.round(cols / 2 - mass.x),
      top: (rows - height) / 2 + Math.round(rows / 2 - mass.y),
      width,
      height,
    },
    rows,
    cols,
  );
  const image = new Uint8Array(rows * cols * channels);
  for (let pixel = 0; pixel < rows * cols; pixel++)
    image.fill(shifted[pixel]!, pixel * channels, (pixel + 1) * channels);
  return image;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function inkBox(canvas: HTMLCanvasElement): Box | null {
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d', { willReadFrequently: true })!.getImageData(0, 0, width, height);
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[(y * width + x) * 4 + 3]! < 32) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  return right < 0 ? null : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** The drawing's ink, 0 to 255, where `from` is drawn to `to`. */
function render(drawing: HTMLCanvasElement, from: Box, to: Box, rows: number, cols: number): Uint8Array {
  const canvas = document.createElement('canvas');
  canvas.width = cols;
  canvas.height = rows;
  const context = canvas.getContext('2d')!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(
    drawing,
    from.left,
    from.top,
    from.width,
    from.height,
    to.left,
    to.top,
    to.width,
    to.height,
  );
  const { data } = context.getImageData(0, 0, cols, rows);
  return Uint8Array.from({ length: rows * cols }, (_, pixel) => data[pixel * 4 + 3]!);
}

function centreOfMass(
  ink: Uint8Array,
  rows: number,
  cols: number,
): { readonly x: number; readonly y: number } {
  let [mass, x, y] = [0, 0, 0];
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const weight = ink[row * cols + col]!;
      mass += weight;
      x += weight * (col + 0.5);
      y += weight * (row + 0.5);
    }
  }
  return { x: x / mass, y: y / mass };
}
