import type { ScoreRule, View } from './selection-view.ts';

/** Bands of equal score, a step of one half each, hotter where it is higher. */
export function Ground({ rule, view }: { readonly rule: ScoreRule; readonly view: View }) {
  const { weight, loss, accuracy } = rule;
  if (loss.deviation === 0) return null;
  const zAccuracy = (a: number) => (accuracy.deviation === 0 ? 0 : (a - accuracy.mean) / accuracy.deviation);
  const scoreAt = (l: number, a: number) => weight * zAccuracy(a) - (l - loss.mean) / loss.deviation;
  const lossFor = (score: number, a: number) => loss.mean + loss.deviation * (weight * zAccuracy(a) - score);
  const [low, high] = view.accuracies;
  const highest = scoreAt(view.losses[0], high);
  const lowest = scoreAt(view.losses[1], low);
  const step = highest - lowest > 9 ? 1 : 0.5;
  const scores: number[] = [];
  for (let s = Math.floor(lowest / step) * step; s <= highest; s += step) scores.push(s);
  return (
    <g class="ground">
      {scores.map((score, i) => {
        const corners = [
          [lossFor(score, low), low],
          [lossFor(score, high), high],
          [lossFor(score + step, high), high],
          [lossFor(score + step, low), low],
        ] as const;
        return (
          <polygon
            key={score}
            points={corners.map(([l, a]) => `${view.x(l)},${view.y(a)}`).join(' ')}
            style={{ fillOpacity: 0.015 + 0.26 * (i / scores.length) ** 1.6 }}
          />
        );
      })}
      {scores.map((score) => {
        const l = lossFor(score, low);
        if (!Number.isInteger(score)) return null;
        return (
          <g key={score}>
            <line x1={view.x(l)} y1={view.y(low)} x2={view.x(lossFor(score, high))} y2={view.y(high)} />
            <text x={view.x(l) + 4} y={view.y(low) - 5}>
              {score > 0 ? `+${score}` : String(score).replace('-', '−')}
            </text>
          </g>
        );
      })}
    </g>
  );
}

/** The line of accuracy over loss, and how far chance alone moves an accuracy from it. */
export function FittedLine({ rule, view }: { readonly rule: ScoreRule; readonly view: View }) {
  if (rule.line === null) return null;
  const { slope, intercept } = rule.line;
  const [from, to] = view.losses;
  const at = (l: number, offset: number) => `${view.x(l)},${view.y(intercept + slope * l + offset)}`;
  const s = rule.samplingDeviation;
  return (
    <g class="fit">
      <polygon points={[at(from, s), at(to, s), at(to, -s), at(from, -s)].join(' ')} />
      <polyline points={`${at(from, 0)} ${at(to, 0)}`} />
    </g>
  );
}
