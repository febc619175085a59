import { useMemo } from 'preact/hooks';
import { get } from '../../api/client.ts';
import type { TestRun } from '../../api/types.ts';
import { count, percent } from '../../format/format.ts';
import { useResource } from '../../live/use-resource.ts';
import { query, setQuery } from '../../router/router.ts';
import { Failure, Loading, Panel } from '../../ui/parts.tsx';
import { imageColor, PixelCanvas } from './pixel-canvas.tsx';

interface Cell {
  readonly label: number;
  readonly told: number;
}

/** The winner on every test image: the confusion matrix, and what it gets wrong. */
export function TestRunPanels(props: { readonly id: string; readonly onTry: (image: Uint8Array) => void }) {
  const { data, error, reload } = useResource(`test ${props.id}`, (signal) =>
    get<TestRun>(`/experiments/${props.id}/best/test`, signal),
  );
  const [label, told] = (query.value.get('cell') ?? '').split('-').map(Number);
  const cell = label === undefined || told === undefined || Number.isNaN(told) ? null : { label, told };
  if (error !== null) return <Failure error={error} retry={reload} />;
  if (data === null) {
    return (
      <div class="grid columns-2">
        <Panel title="On the test images" hint="the integer engine is running over them">
          <Loading height={300} />
        </Panel>
        <Panel title="What it gets wrong">
          <Loading height={300} />
        </Panel>
      </div>
    );
  }
  return (
    <div class="grid columns-2">
      <Panel
        title="On the test images"
        hint={`${count(data.correct)} of ${count(data.total)} right; rows: what they are, columns: what was told`}
      >
        <Confusion run={data} cell={cell} />
      </Panel>
      <Mistakes run={data} cell={cell} onTry={props.onTry} />
    </div>
  );
}

function Confusion({ run, cell }: { readonly run: TestRun; readonly cell: Cell | null }) {
  const worst = Math.max(
    1,
    ...run.confusion.flatMap((row, label) => row.filter((_, told) => told !== label)),
  );
  return (
    <div class="scroll-x">
      <table class="confusion">
        <caption class="visually-hidden">How often each class is told for each true class</caption>
        <thead>
          <tr>
            <th aria-label="true class" />
            {run.confusion.map((_, told) => (
              <th key={told} scope="col">
                {told}
              </th>
            ))}
            <th scope="col">right</th>
          </tr>
        </thead>
        <tbody>
          {run.confusion.map((row, label) => {
            const total = row.reduce((sum, n) => sum + n, 0);
            return (
              <tr key={label}>
                <th scope="row">{label}</th>
                {row.map((n, told) => (
                  <td
                    key={told}
                    data-right={told === label}
                    data-chosen={cell?.label === label && cell.told === told}
                    style={told === label || n === 0 ? undefined : { '--heat': `${14 + 42 * (n / worst)}%` }}
                  >
                    {told === label || n === 0 ? (
                      n === 0 ? (
                        <span class="faint">·</span>
                      ) : (
                        count(n)
                      )
                    ) : (
                      <button
                        type="button"
                        aria-pressed={cell?.label === label && cell.told === told}
                        aria-label={`${n} of class ${label} told to be ${told}`}
                        onClick={() =>
                          setQuery({
                            cell: cell?.label === label && cell.told === told ? null : `${label}-${told}`,
                          })
                        }
                      >
                        {n}
                      </button>
                    )}
                  </td>
                ))}
                <td class="number dim">{total === 0 ? '–' : percent(row[label]! / total, 1)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

const mostShown = 120;

function Mistakes(props: {
  readonly run: TestRun;
  readonly cell: Cell | null;
  readonly onTry: (image: Uint8Array) => void;
}) {
  const { run, cell, onTry } = props;
  const shown = run.mistakes.filter(
    ({ label, told }) => cell === null || (cell.label === label && cell.told === told),
  );
  return (
    <Panel
      title="What it gets wrong"
      hint={
        cell === null
          ? 'the surest first; a click puts one on the sheet'
          : `${cell.label} told to be ${cell.told}`
      }
      tools={
        cell !== null && (
          <button type="button" class="button quiet" onClick={() => setQuery({ cell: null })}>
            Show all
          </button>
        )
      }
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
      <section class="mistakes" tabIndex={0} aria-label={`${shown.length} images`}>
        {shown.slice(0, mostShown).map((mistake) => (
          <Mistake key={mistake.index} mistake={mistake} run={run} onTry={onTry} />
        ))}
        {shown.length === 0 && <p class="faint small">None.</p>}
      </section>
    </Panel>
  );
}

function Mistake(props: {
  readonly mistake: TestRun['mistakes'][number];
  readonly run: TestRun;
  readonly onTry: (image: Uint8Array) => void;
}) {
  const { mistake, run, onTry } = props;
  const { rows, cols, channels } = run.shape;
  const pixels = useMemo(
    () => Uint8Array.from(atob(mistake.pixels), (char) => char.charCodeAt(0)),
    [mistake.pixels],
  );
  const color = useMemo(() => imageColor(pixels, channels), [pixels, channels]);
  return (
    <button
      type="button"
      class="mistake"
      title={`image ${mistake.index} of the test set`}
      aria-label={`${mistake.label} → ${mistake.told}: a ${mistake.label} told to be ${mistake.told}; puts it on the sheet`}
      onClick={() => {
        onTry(pixels);
        document.querySelector('[data-sheet]')?.scrollIntoView({ block: 'center', behavior: 'smooth' });
      }}
    >
      <PixelCanvas rows={rows} cols={cols} color={color} label="" class="map" />
      <span>
        {mistake.label} <span class="faint">→</span> <strong>{mistake.told}</strong>
      </span>
    </button>
  );
}
