import type { WeightHistogram } from '../../api/types.ts';
import { count } from '../../format/format.ts';

const width = 240;
const height = 84;
const base = height - 12;

/** A layer's weights before quantization as an outline, after it as bars; the scale as two lines. */
export function Histogram({ histogram }: { readonly histogram: WeightHistogram }) {
  const { layer, kind, bins, levels, edge, scale, bits, clipped, minimum, maximum, deviation } = histogram;
  const x = (value: number) => ((value + edge) / (2 * edge)) * width;
  const most = Math.max(1, ...bins);
  const mostAtLevel = Math.max(1, ...(levels ?? []).map((level) => level.count));
  const barWidth =
    scale === null ? 0 : Math.max(1, Math.min(12, (scale / 2 ** (bits - 1) / edge) * (width / 2) * 0.6));
  const step = width / bins.length;
  const outline = bins.map(
    (n, i) =>
      `${i * step},${base - (n / most) * (base - 4)} ${(i + 1) * step},${base - (n / most) * (base - 4)}`,
  );
  return (
    <figure class="histogram">
      <figcaption>
        <span class="mono truncate">{layer}</span> <span class="faint">{kind}</span>
        <span class="spacer" />
        <span class="faint">
          {count(histogram.count)} at {bits} bits
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${layer} ${kind}: ${histogram.count} weights from ${minimum.toFixed(3)} to ${maximum.toFixed(3)}, deviation ${deviation.toFixed(3)}${scale === null ? '' : `, scale ${scale}`}`}
      >
        {levels?.map(({ value, count: n }) => {
          const tall = (n / mostAtLevel) * (base - 4);
          return (
            <rect
              key={value}
              x={x(value) - barWidth / 2}
              y={base - tall}
              width={barWidth}
              height={tall}
              class="level"
            />
          );
        })}
        <polygon class="before" points={`0,${base} ${outline.join(' ')} ${width},${base}`} />
        {scale !== null &&
          [-scale, scale].map((value) => (
            <line key={value} class="scale" x1={x(value)} x2={x(value)} y1={0} y2={base} />
          ))}
        <line class="ground-line" x1={0} x2={width} y1={base} y2={base} />
      </svg>
      <p class="faint">
        <span>{(-edge).toPrecision(2).replace('-', '−')}</span>
        <span>
          {scale === null
            ? `σ ${deviation.toFixed(3)}`
            : `scale ${scale}${clipped ? `, ${clipped} clipped` : ''}`}
        </span>
        <span>{edge.toPrecision(2)}</span>
      </p>
    </figure>
  );
}
