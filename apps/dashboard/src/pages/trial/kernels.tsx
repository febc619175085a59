import { useEffect, useRef } from 'preact/hooks';
import type { Weights } from '../../api/types.ts';
import { theme } from '../../ui/theme.ts';

const most = 48;

/** The filters of the first weighted layer as pictures: ember draws, blue holds back. */
export function Kernels({ kernels }: { readonly kernels: NonNullable<Weights['firstKernels']> }) {
  const { layer, rows, cols, channels, filters, quantized } = kernels;
  const shown = quantized ?? filters;
  const largest = Math.max(1e-9, ...shown.flat().map(Math.abs));
  return (
    <div class="kernels">
      <p class="small dim">
        First filters, <span class="mono">{layer}</span>
        {quantized === null ? '' : ', as quantized'}
      </p>
      <div class="kernel-row">
        {shown.slice(0, most).map((filter, index) => (
          <Kernel
            key={index}
            values={filter}
            rows={rows}
            cols={cols}
            channels={channels}
            largest={largest}
            index={index}
          />
        ))}
        {shown.length > most && <span class="faint small">and {shown.length - most} more</span>}
      </div>
    </div>
  );
}

function Kernel(props: {
  readonly values: readonly number[];
  readonly rows: number;
  readonly cols: number;
  readonly channels: number;
  readonly largest: number;
  readonly index: number;
}) {
  const { values, rows, cols, channels, largest, index } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const shown = theme.value;
  useEffect(() => {
    const context = canvas.current!.getContext('2d')!;
    const image = context.createImageData(cols, rows);
    const ground = shown === 'dark' ? [34, 29, 25] : [242, 236, 228];
    for (let pixel = 0; pixel < rows * cols; pixel++) {
      let sum = 0;
      for (let channel = 0; channel < channels; channel++) sum += values[pixel * channels + channel]!;
      const strength = Math.max(-1, Math.min(1, sum / channels / largest));
      const ink = strength > 0 ? [242, 105, 43] : [86, 140, 180];
      for (let c = 0; c < 3; c++) {
        image.data[pixel * 4 + c] = ground[c]! + (ink[c]! - ground[c]!) * Math.abs(strength);
      }
      image.data[pixel * 4 + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }, [values, rows, cols, channels, largest, shown]);
  return (
    <canvas
      ref={canvas}
      class="kernel"
      width={cols}
      height={rows}
      role="img"
      aria-label={`filter ${index}`}
    />
  );
}
