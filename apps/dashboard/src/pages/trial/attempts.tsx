import type { Trial } from '../../api/types.ts';
import { clock, count } from '../../format/format.ts';
import { Panel, StateChip } from '../../ui/parts.tsx';

/** Every time a worker took the trial, and how that ended. */
export function Attempts({ trial }: { readonly trial: Trial }) {
  return (
    <Panel title="Attempts" hint={`${trial.preemptions} preempted, ${trial.failures} failed`} flush>
      {trial.attemptList.length === 0 ? (
        <p class="faint small empty-line">No worker has taken it yet.</p>
      ) : (
        <div class="scroll-x">
          <table>
            <thead>
              <tr>
                <th class="number">#</th>
                <th>Worker</th>
                <th>State</th>
                <th class="number">Epochs</th>
                <th class="number">Samples/s</th>
                <th>From, to</th>
              </tr>
            </thead>
            <tbody>
              {trial.attemptList.map(
                ({ number, worker, state, startEpoch, epochsDone, reason, startedAt, endedAt }) => (
                  <tr key={number} title={reason ?? undefined}>
                    <td class="number">{number}</td>
                    <td>
                      {worker.host} <span class="faint">{worker.device}</span>
                    </td>
                    <td>
                      <StateChip state={state} />
                    </td>
                    <td class="number nowrap">
                      {startEpoch}–{epochsDone}
                    </td>
                    <td class="number">
                      {worker.samplesPerSecond === null ? '–' : count(worker.samplesPerSecond)}
                    </td>
                    <td class="nowrap faint">
                      {clock(startedAt)} – {endedAt === null ? 'now' : clock(endedAt)}
                    </td>
                  </tr>
                ),
              )}
            </tbody>
          </table>
        </div>
      )}
      <dl class="facts inset">
        <dt>Seeds</dt>
        <dd>
          experiment {trial.seeds.experiment}, {trial.seeds.stage}, trial {trial.seeds.trial}
        </dd>
        <dt>Numerics</dt>
        <dd class="mono">{trial.numericsId ?? 'taken with its first attempt'}</dd>
        <dt>Same bytes elsewhere</dt>
        <dd>{trial.reproducible === null ? '–' : trial.reproducible ? 'yes' : 'not on every host'}</dd>
      </dl>
    </Panel>
  );
}
