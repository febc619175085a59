import { useEffect, useRef } from 'preact/hooks';

/** A few numbers as a picture, one pixel each; the page scales it without smoothing. */
export function PixelCanvas(props: {
  readonly rows: number;
  readonly cols: number;
  /** Red, green and blue of a pixel, 0 to 255. */
  readonly color: (pixel: number) => readonly [number, number, number];
  /** Empty where the text beside it says the same. */
  readonly label: string;
  readonly class: string;
}) {
  const { rows, cols, color, label } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current!.getContext('2d')!;
    const image = context.createImageData(cols, rows);
    for (let pixel = 0; pixel < rows * cols; pixel++) image.data.set([...color(pixel), 255], pixel * 4);
    context.putImageData(image, 0, 0);
  }, [rows, cols, color]);
  const name = label === '' ? { 'aria-hidden': true } : { role: 'img' as const, 'aria-label': label };
  return <canvas ref={canvas} class={props.class} width={cols} height={rows} {...name} />;
}

/** The colour of an image's pixel: grey for one channel, else its first three. */
export function imageColor(pixels: Uint8Array, channels: number) {
  return (pixel: number): readonly [number, number, number] => {
    const at = pixel * channels;
    const first = pixels[at]!;
    return channels < 3 ? [first, first, first] : [first, pixels[at + 1]!, pixels[at + 2]!];
  };
}

/** From cold to hot: how bright a feature is, 0 to 1. */
export function heat(share: number): readonly [number, number, number] {
  const stops = [
    [20, 16, 14],
    [122, 46, 20],
    [242, 105, 43],
    [255, 214, 130],
  ] as const;
  const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const low = Math.min(Math.floor(at), stops.length - 2);
  const [from, to] = [stops[low]!, stops[low + 1]!];
  const mix = (c: 0 | 1 | 2) => from[c] + (to[c] - from[c]) * (at - low);
  return [mix(0), mix(1), mix(2)];
}
