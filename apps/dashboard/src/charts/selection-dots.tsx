import type { Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { links } from '../router/router.ts';
import { cssColor, theme } from '../ui/theme.ts';
import { plotHeight, type Standing, type View } from './selection-view.ts';

interface Props {
  readonly standings: readonly Standing[];
  readonly view: View;
  readonly chosenId: string | null;
  readonly runnerUpId: string | null;
  readonly hovered: Signal<string | null>;
}

/** Each standing a link. Apart from the plot, so that pointing at one draws none of them anew. */
export function LinkedDots({ standings, view, chosenId, runnerUpId, hovered }: Props) {
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
          <Dot standing={standing} view={view} chosenId={chosenId} runnerUpId={runnerUpId} />
        </a>
      ))}
    </>
  );
}

export function Dot(props: Omit<Props, 'standings' | 'hovered'> & { readonly standing: Standing }) {
  const { standing, view, chosenId, runnerUpId } = props;
  const role = standing.id === chosenId ? 'chosen' : standing.id === runnerUpId ? 'runner-up' : undefined;
  return (
    <circle
      class="dot"
      data-role={role}
      cx={view.x(standing.loss)}
      cy={view.y(standing.accuracy)}
      r={role === 'chosen' ? 6 : role === 'runner-up' ? 5 : 3.5}
    />
  );
}

/** The same on a canvas, where they are so many that as elements they would hold the page up. */
export function PaintedDots({
  standings,
  view,
  faded,
}: Pick<Props, 'standings' | 'view'> & { readonly faded: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const shownTheme = theme.value;
  useEffect(() => {
    const ratio = devicePixelRatio;
    const { width, height } = canvas.current!;
    const context = canvas.current!.getContext('2d')!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.fillStyle = cssColor('--dim');
    context.globalAlpha = 0.5;
    const size = standings.length > 2000 ? 2 : 3;
    for (const { loss, accuracy } of standings) {
      context.fillRect(view.x(loss) - size / 2, view.y(accuracy) - size / 2, size, size);
    }
  }, [standings, view, shownTheme]);
  return (
    <canvas
      ref={canvas}
      class="dots"
      data-faded={faded}
      data-dots={standings.length}
      width={Math.round(view.width * devicePixelRatio)}
      height={plotHeight * devicePixelRatio}
    />
  );
}
