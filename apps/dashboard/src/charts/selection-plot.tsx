import type { Signal } from '@preact/signals';
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import { links, navigate } from '../router/router.ts';
import { decimalsOf, niceTicks } from './nice-ticks.ts';
import { Dot, LinkedDots, PaintedDots } from './selection-dots.tsx';
import { FittedLine, Ground } from './selection-ground.tsx';
import {
  edge,
  nearestStanding,
  plotHeight,
  type ScoreRule,
  type Standing,
  type View,
  viewOf,
} from './selection-view.ts';

interface Props {
  readonly standings: readonly Standing[];
  readonly rule: ScoreRule | null;
  readonly chosenId: string | null;
  readonly runnerUpId: string | null;
  readonly hovered: Signal<string | null>;
}

/** More dots than this are painted instead of being elements. */
const mostLinked = 300;
/** Pixels from the pointer within which a painted dot is meant. */
const reach = 12;

/** Loss against accuracy: each trial a dot, the hotter the ground the higher the score. */
export function SelectionPlot({ standings, rule, chosenId, runnerUpId, hovered }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(420);
  useEffect(() => {
    const host = box.current!;
    const observer = new ResizeObserver(() => setWidth(Math.max(200, host.clientWidth)));
    observer.observe(host);
    return () => observer.disconnect();
  }, []);
  const view = useMemo(() => viewOf(standings, rule, width), [standings, rule, width]);
  const painted = standings.length > mostLinked;
  const named = (id: string | null) => (id === null ? undefined : standings.find((each) => each.id === id));
  const [chosen, runnerUp, lit] = [named(chosenId), named(runnerUpId), named(hovered.value)];
  const marked = [chosen, runnerUp].filter((each) => each !== undefined);
  const point = (event: MouseEvent) => {
    const { left, top } = box.current!.getBoundingClientRect();
    const near = nearestStanding(standings, view, event.clientX - left, event.clientY - top, reach);
    hovered.value = near?.id ?? null;
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: its dots are rows of the table too, which keys reach.
    // biome-ignore lint/a11y/useKeyWithClickEvents: as above.
    <div
      ref={box}
      class="selection-plot"
      data-pointing={painted && lit !== undefined}
      onMouseMove={painted ? point : undefined}
      onMouseLeave={() => {
        if (painted) hovered.value = null;
      }}
      onClick={() => painted && lit !== undefined && navigate(links.trial(lit.id))}
    >
      <Backdrop view={view} rule={rule} />
      {painted && <PaintedDots standings={standings} view={view} faded={lit !== undefined} />}
      {/* biome-ignore lint/a11y/useSemanticElements: no element of HTML groups the links of a drawing. */}
      <svg viewBox={`0 0 ${width} ${plotHeight}`} role="group" aria-label={describe(standings, chosenId)}>
        <g class="dots" data-faded={lit !== undefined}>
          {painted ? (
            marked.map((standing) => (
              <Dot
                key={standing.id}
                standing={standing}
                view={view}
                chosenId={chosenId}
                runnerUpId={runnerUpId}
              />
            ))
          ) : (
            <LinkedDots
              standings={standings}
              view={view}
              chosenId={chosenId}
              runnerUpId={runnerUpId}
              hovered={hovered}
            />
          )}
        </g>
        {lit !== undefined && (
          <circle class="dot lit" cx={view.x(lit.loss)} cy={view.y(lit.accuracy)} r={5} />
        )}
        {[...new Set([...marked, ...(lit === undefined ? [] : [lit])])].map((standing) => (
          <Name
            key={standing.id}
            standing={standing}
            view={view}
            strong={standing === chosen}
            others={marked}
          />
        ))}
      </svg>
    </div>
  );
}

/** The ground and the axes: what stays while one points at dots. */
function Backdrop({ view, rule }: { readonly view: View; readonly rule: ScoreRule | null }) {
  const clip = useId();
  const { x, y, width } = view;
  const lossTicks = niceTicks(...view.losses, 5);
  const accuracyTicks = niceTicks(...view.accuracies, 5);
  return (
    <svg viewBox={`0 0 ${width} ${plotHeight}`} aria-hidden="true">
      <clipPath id={clip}>
        <rect
          x={edge.left}
          y={edge.top}
          width={width - edge.left - edge.right}
          height={plotHeight - edge.top - edge.bottom}
        />
      </clipPath>
      <g clip-path={`url(#${clip})`}>
        {rule !== null && <Ground rule={rule} view={view} />}
        {rule !== null && <FittedLine rule={rule} view={view} />}
      </g>
      <g class="axis">
        {lossTicks.map((tick) => (
          <text key={tick} x={x(tick)} y={plotHeight - 14} text-anchor="middle">
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
        <text class="axis-title" x={width - edge.right} y={plotHeight - 2} text-anchor="end">
          validation loss →
        </text>
      </g>
    </svg>
  );
}

/** Pixels that a name takes beside its dot. */
const nameWidth = 60;

/** Stands at the right of its dot, or at the left where the plot ends or another marked dot is in the way. */
function Name(props: {
  readonly standing: Standing;
  readonly view: View;
  readonly strong: boolean;
  readonly others: readonly Standing[];
}) {
  const { standing, view, strong, others } = props;
  const [x, y] = [view.x(standing.loss), view.y(standing.accuracy)];
  const blocked = others.some((other) => {
    const right = view.x(other.loss) - x;
    return (
      other !== standing && right > 0 && right < nameWidth + 8 && Math.abs(view.y(other.accuracy) - y) < 12
    );
  });
  const flip = x > view.width - 80 || (blocked && x > edge.left + nameWidth);
  return (
    <text
      class="dot-name"
      data-strong={strong}
      x={flip ? x - 10 : x + 10}
      y={y + 4}
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
