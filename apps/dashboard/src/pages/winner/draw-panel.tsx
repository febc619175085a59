import { useEffect, useMemo, useRef } from 'preact/hooks';
import { percent } from '../../format/format.ts';
import type { Answer, FeatureMap, PreparedModel } from './engine.ts';
import { imageOfDrawing } from './ink.ts';
import { heat, imageColor, PixelCanvas } from './pixel-canvas.tsx';

const side = 280;
const penWidth = 24;

interface Props {
  readonly model: PreparedModel;
  readonly image: Uint8Array | null;
  readonly onImage: (image: Uint8Array | null) => void;
}

/** A sheet to draw on, and the winner's answer: every logit, and every layer's integers on the way. */
export function DrawPanel({ model, image, onImage }: Props) {
  const answer = useMemo(
    () => (image === null || image.length !== model.pixels ? null : model.run(image)),
    [image, model],
  );
  return (
    <div class="draw">
      <Sheet model={model} image={image} onImage={onImage} />
      <div class="answer">
        {answer === null ? (
          <p class="faint small">Draw a digit on the left. Every stroke is answered at once.</p>
        ) : (
          <Told answer={answer} />
        )}
        <Logits model={model} answer={answer} />
      </div>
      {answer !== null && image !== null && (
        <div class="maps">
          <figure>
            <PixelCanvas
              {...model.shape}
              color={imageColor(image, model.shape.channels)}
              label="what the network sees"
              class="map"
            />
            <figcaption class="mono">input</figcaption>
          </figure>
          {answer.maps.map((map) => (
            <Maps key={map.layer} map={map} />
          ))}
        </div>
      )}
    </div>
  );
}

function Sheet({ model, image, onImage }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const own = useRef<Uint8Array | null>(null);
  const last = useRef<readonly [number, number] | null>(null);
  // An image from elsewhere is shown here as it is.
  useEffect(() => {
    if (image === own.current) return;
    const context = clear(canvas.current!);
    if (image !== null && image.length === model.pixels) showImage(context, image, model);
  }, [image, model]);
  const position = (event: PointerEvent): readonly [number, number] => {
    const { left, top, width } = canvas.current!.getBoundingClientRect();
    return [((event.clientX - left) * side) / width, ((event.clientY - top) * side) / width];
  };
  const stroke = (event: PointerEvent) => {
    if (last.current === null) return;
    const next = position(event);
    const context = canvas.current!.getContext('2d')!;
    context.lineWidth = penWidth;
    context.lineCap = 'round';
    context.strokeStyle = '#fff';
    context.beginPath();
    context.moveTo(...last.current);
    context.lineTo(...next);
    context.stroke();
    last.current = next;
    own.current = imageOfDrawing(canvas.current!, model.shape);
    onImage(own.current);
  };
  return (
    <div class="sheet">
      <canvas
        ref={canvas}
        width={side}
        height={side}
        role="img"
        aria-label="A sheet to draw a digit on; images that the winner gets wrong, below, can be put here by keyboard"
        data-sheet
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          if (own.current !== image) clear(canvas.current!);
          last.current = position(event);
          stroke(event);
        }}
        onPointerMove={stroke}
        onPointerUp={() => {
          last.current = null;
        }}
        onPointerCancel={() => {
          last.current = null;
        }}
      />
      <button
        type="button"
        class="button"
        onClick={() => {
          clear(canvas.current!);
          own.current = null;
          onImage(null);
        }}
      >
        Clear
      </button>
    </div>
  );
}

function clear(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.clearRect(0, 0, side, side);
  return context;
}

function showImage(context: CanvasRenderingContext2D, image: Uint8Array, { shape }: PreparedModel): void {
  const size = side / Math.max(shape.rows, shape.cols);
  const color = imageColor(image, shape.channels);
  for (let pixel = 0; pixel < shape.rows * shape.cols; pixel++) {
    context.fillStyle = `rgb(${color(pixel).join(' ')})`;
    context.fillRect(
      (pixel % shape.cols) * size,
      Math.floor(pixel / shape.cols) * size,
      size + 0.5,
      size + 0.5,
    );
  }
}

function Told({ answer }: { readonly answer: Answer }) {
  return (
    <p class="told" aria-live="polite">
      <strong data-told={answer.told}>{answer.told}</strong>
      <span class="dim small">
        {percent(answer.shares[answer.told], 1)} sure
        <br />
        <span class="faint">{Math.max(1, Math.round(answer.microseconds))} µs in this browser</span>
      </span>
    </p>
  );
}

function Logits({ model, answer }: { readonly model: PreparedModel; readonly answer: Answer | null }) {
  const values = answer?.logits ?? new Array<number>(model.classes).fill(0);
  const reach = Math.max(1, ...values.map(Math.abs));
  return (
    <ol class="logits" aria-label="Logits, 16-bit integers">
      {values.map((logit, index) => (
        <li key={index} data-told={answer?.told === index}>
          <span>{index}</span>
          <span class="logit-bar">
            <span
              style={{
                left: `${50 + Math.min(0, logit / reach) * 50}%`,
                width: `${(Math.abs(logit) / reach) * 50}%`,
              }}
            />
          </span>
          <span class="number mono">{answer === null ? '' : logit}</span>
        </li>
      ))}
    </ol>
  );
}

/** One picture a channel, as far as they fit. */
function Maps({ map }: { readonly map: FeatureMap }) {
  const { rows, cols, channels } = map.shape;
  const largest = Math.max(1, ...map.values);
  return (
    <figure>
      <div class="map-row">
        {Array.from({ length: Math.min(channels, 16) }, (_, channel) => (
          <PixelCanvas
            key={channel}
            rows={rows}
            cols={cols}
            color={(pixel) => heat(map.values[pixel * channels + channel]! / largest)}
            label={`${map.layer}, channel ${channel}`}
            class="map small"
          />
        ))}
      </div>
      <figcaption class="mono">{map.layer}</figcaption>
    </figure>
  );
}
