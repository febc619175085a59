import type { Signal } from '@preact/signals';
import { useId, useMemo } from 'preact/hooks';
import { links } from '../router/router.ts';
import { decimalsOf, niceTicks } from './nice-ticks.ts';

export interface Standing {
  readonly id: string;
  readonly index: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly score: number | null;
}

/** What the z-score rule makes of the standings; null for the greedy rule. */
export interface ScoreRule {
  readonly weight: number;
  readonly loss: { readonly mean: number; readonly deviation: number };
  readonly accuracy: { readonly mean: number; readonly deviation: number };
  /** How far chance alone moves an accuracy. */
  readonly samplingDeviation: number;
  readonly line: { readonly slope: number; readonly intercept: number } | null;
}

interface Props {
  readonly standings: readonly Standing[];
  readonly rule: ScoreRule | null;
  readonly chosenId: string | null;
  readonly runnerUpId: string | null;
  readonly hovered: Signal<string | null>;
}

const width = 420;
const height = 216;
const edge = { left: 50, right: 10, top: 8, bottom: 28 };

/** Loss against accuracy: each trial a dot, the hotter the ground the higher the score. */
export function SelectionPlot({ standings, rule, chosenId, runnerUpId, hovered }: Props) {
  const clip = useId();
  const view = useMemo(() => viewOf(standings, rule), [standings, rule]);
  const { x, y } = view;
  const lossTicks = niceTicks(...view.losses, 5);
  const accuracyTicks = niceTicks(...view.accuracies, 5);
  const lit = standings.find(({ id }) => id === hovered.value);
  return (
    // biome-ignore lint/a11y/useSemanticElements: no element of HTML groups the links of a drawing.
    <svg
      class="selection-plot"
      viewBox={`0 0 ${width} ${height}`}
      role="group"
      aria-label={describe(standings, chosenId)}
    >
      <clipPath id={clip}>
        <rect
          x={edge.left}
          y={edge.top}
          width={width - edge.left - edge.right}
          height={height - edge.top - edge.bottom}
        />
      </clipPath>
      <g clip-path={`url(#${clip})`}>
        {rule !== null && <Ground rule={rule} view={view} />}
        {rule !== null && <FittedLine rule={rule} view={view} />}
      </g>
      <g class="axis">
        {lossTicks.map((tick) => (
          <text key={tick} x={x(tick)} y={height - 14} text-anchor="middle">
            {tick.toFixed(decimalsOf(lossTicks))}
          </text>
        ))}
        {accuracyTicks.map((tick) => (
          <g key={tick}>
            <line x1={edge.left} x2={width - edge.right} y1={y(tick)} y2={y(tick)} />
            <text x={edge.left - 6} y={y(tick) + 3.5} text-anchor="end">
              {(tick * 100).toFixed(Math.max(0, decimalsOf(accuracyTicks) - 2))}%
            </text>
          </g>
        ))}
        <text class="axis-title" x={width - edge.right} y={height - 2} text-anchor="end">
          validation loss →
        </text>
      </g>
      <g class="dots" data-faded={lit !== undefined}>
        <Dots
          standings={standings}
          view={view}
          chosenId={chosenId}
          runnerUpId={runnerUpId}
          hovered={hovered}
        />
      </g>
      {lit !== undefined && <circle class="dot lit" cx={x(lit.loss)} cy={y(lit.accuracy)} r={5} />}
      {[chosenId, runnerUpId, lit?.id].map((id, place, ids) => {
        const standing = standings.find((each) => each.id === id);
        if (standing === undefined || ids.indexOf(id) !== place) return null;
        return <Name key={standing.id} standing={standing} view={view} strong={id === chosenId} />;
      })}
    </svg>
  );
}

/** Apart from the plot, so that pointing at one of a thousand draws none of them anew. */
function Dots(props: Omit<Props, 'rule'> & { readonly view: View }) {
  const { standings, view, chosenId, runnerUpId, hovered } = props;
  return (
    <>
      {standings.map((standing) => (
        <a
          key={standing.id}
          href={links.trial(standing.id)}
          aria-label={`Trial ${standing.index}`}
          tabIndex={-1}
          onMouseEnter={() => {
            hovered.value = standing.id;
          }}
          onMouseLeave={() => {
            hovered.value = null;
          }}
        >
          <circle
            class="dot"
            data-role={
              standing.id === chosenId ? 'chosen' : standing.id === runnerUpId ? 'runner-up' : undefined
            }
            cx={view.x(standing.loss)}
            cy={view.y(standing.accuracy)}
            r={standing.id === chosenId ? 6 : standing.id === runnerUpId ? 5 : 3.5}
          />
        </a>
      ))}
    </>
  );
}

interface View {
  readonly losses: readonly [number, number];
  readonly accuracies: readonly [number, number];
  readonly x: (loss: number) => number;
  readonly y: (accuracy: number) => number;
}

function viewOf(standings: readonly Standing[], rule: ScoreRule | null): View {
  const losses = padded(
    standings.map(({ loss }) => loss),
    0.002,
  );
  const band =
    rule?.line == null ? [] : [-1, 1].map((side) => lineAt(rule, losses[0]) + side * rule.samplingDeviation);
  const accuracies = padded([...standings.map(({ accuracy }) => accuracy), ...band], 0.0005);
  const across = (width - edge.left - edge.right) / (losses[1] - losses[0]);
  const down = (height - edge.top - edge.bottom) / (accuracies[1] - accuracies[0]);
  return {
    losses,
    accuracies,
    x: (loss) => edge.left + (loss - losses[0]) * across,
    y: (accuracy) => height - edge.bottom - (accuracy - accuracies[0]) * down,
  };
}

function lineAt({ line }: ScoreRule, loss: number): number {
  return line!.intercept + line!.slope * loss;
}

function padded(values: readonly number[], least: number): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const pad = Math.max((high - low) * 0.16, least);
  return [low - pad, high + pad];
}

/** Bands of equal score, a step of one half each, hotter where it is higher. */
function Ground({ rule, view }: { readonly rule: ScoreRule; readonly view: View }) {
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
function FittedLine({ rule, view }: { readonly rule: ScoreRule; readonly view: View }) {
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

function Name(props: { readonly standing: Standing; readonly view: View; readonly strong: boolean }) {
  const { standing, view, strong } = props;
  const x = view.x(standing.loss);
  const flip = x > width - 80;
  return (
    <text
      class="dot-name"
      data-strong={strong}
      x={flip ? x - 10 : x + 10}
      y={view.y(standing.accuracy) + 4}
      text-anchor={flip ? 'end' : 'start'}
    >
      {strong ? `Trial ${standing.index}` : standing.index}
    </text>
  );
}

function describe(standings: readonly Standing[], chosenId: string | null): string {
  const chosen = standings.find(({ id }) => id === chosenId);
  const end = chosen === undefined ? '' : `; trial ${chosen.index} is ahead`;
  return `Loss against accuracy of ${standings.length} trials${end}; the table of trials has the figures`;
}
