/** Height, width and channels of a feature map; a flat vector of n units is {rows: 1, cols: 1, channels: n}. */
export interface Shape {
  readonly rows: number;
  readonly cols: number;
  readonly channels: number;
}

/** Elements in a feature map. */
export function elements(shape: Shape): number {
  return shape.rows * shape.cols * shape.channels;
}

/** `28x28x1`. */
export function formatShape(shape: Shape): string {
  return `${shape.rows}x${shape.cols}x${shape.channels}`;
}
