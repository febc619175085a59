import type { ApiError } from '../../api/client.ts';
import type { Check, Shape } from '../../api/types.ts';
import { bytes, compact, count, duration, strategyTitles } from '../../format/format.ts';
import { Panel } from '../../ui/parts.tsx';

/** What the network in the form would be: its size against the budget, its layers, and how long it takes. */
export function CheckPanel(props: {
  readonly check: Check | null;
  readonly error: ApiError | null;
  readonly busy: boolean;
}) {
  const { check, error, busy } = props;
  return (
    <Panel
      title="What it will be"
      hint={busy ? 'checking…' : error === null ? undefined : 'below: before the last change'}
    >
      <div class="check" data-stale={error !== null} aria-live="polite">
        {error !== null && (
          <p class="fault" role="alert" data-check="error">
            {error.message}
          </p>
        )}
        {error === null && check?.fault && (
          <p class="fault" role="alert" data-check="error">
            {check.fault.detail}
          </p>
        )}
        {check !== null && (
          <>
            <Budget check={check} />
            <Figures check={check} />
            <Layers check={check} />
          </>
        )}
      </div>
    </Panel>
  );
}

function Budget({ check }: { readonly check: Check }) {
  const { budgetBytes, strategies: byStrategy, strategy: chosen } = check;
  const widest = Math.max(budgetBytes, ...strategyTitles.map(([name]) => byStrategy[name].totalBytes));
  return (
    <div class="budget">
      {strategyTitles.map(([name, title]) => {
        const { weightBytes, activationBytes, totalBytes } = byStrategy[name];
        return (
          <div
            key={name}
            class="budget-row"
            data-chosen={name === chosen}
            data-over={totalBytes > budgetBytes}
          >
            <span>{title}</span>
            <span
              class="budget-bar"
              title={`${bytes(weightBytes)} of weights, ${bytes(activationBytes)} of activations`}
            >
              <span class="weights" style={{ width: `${(weightBytes / widest) * 100}%` }} />
              <span class="activations" style={{ width: `${(activationBytes / widest) * 100}%` }} />
              <span class="budget-mark" style={{ left: `${(budgetBytes / widest) * 100}%` }} />
            </span>
            <span class="number" data-check={name === chosen ? 'bytes' : undefined}>
              {bytes(totalBytes)}
            </span>
          </div>
        );
      })}
      <p class="faint small">
        <span class="key weights" /> weights <span class="key activations" /> live activations{' '}
        <span class="key budget-key" /> budget, {bytes(budgetBytes)} bytes
      </p>
    </div>
  );
}

function Figures({ check }: { readonly check: Check }) {
  const { estimate } = check;
  return (
    <dl class="figures">
      <div>
        <dt>Parameters</dt>
        <dd>{count(check.parameters)}</dd>
      </div>
      <div>
        <dt>MACs an image</dt>
        <dd>{compact(check.macs)}</dd>
      </div>
      <div>
        <dt>On this fleet, about</dt>
        <dd>
          {estimate === null ? <span class="dim">no worker is there</span> : duration(estimate.seconds)}
        </dd>
      </div>
    </dl>
  );
}

function Layers({ check }: { readonly check: Check }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section class="layers" tabIndex={0} aria-label="Layers">
      <table>
        <thead>
          <tr>
            <th>Layer</th>
            <th>Output</th>
            <th class="number">Parameters</th>
            <th class="number">MACs</th>
            <th class="number">Weights</th>
            <th class="number">Live</th>
          </tr>
        </thead>
        <tbody>
          {check.layers.map((layer, index) => (
            <tr key={index}>
              <td class="mono nowrap">{layer.text}</td>
              <td class="nowrap">{shape(layer.output)}</td>
              <td class="number">{layer.parameters === 0 ? '' : count(layer.parameters)}</td>
              <td class="number">{layer.macs === 0 ? '' : compact(layer.macs)}</td>
              <td class="number">{layer.weightBytes === 0 ? '' : bytes(layer.weightBytes)}</td>
              <td class="number">{layer.liveBytes === 0 ? '' : bytes(layer.liveBytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function shape({ rows, cols, channels }: Shape): string {
  return `${rows}×${cols}×${channels}`;
}
