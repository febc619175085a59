import type { Trial } from '../../api/types.ts';
import { bytes, clock, count } from '../../format/format.ts';
import { Panel } from '../../ui/parts.tsx';

export const checkpointTitles = {
  lowestLoss: 'Lowest loss',
  highestAccuracy: 'Highest accuracy',
  latest: 'Latest',
} as const;

/** What is kept of the trial. */
export function Checkpoints({ trial }: { readonly trial: Trial }) {
  return (
    <Panel title="Checkpoints" hint="the lowest loss’s goes on" flush>
      {trial.checkpoints.length === 0 ? (
        <p class="faint small empty-line">The first epoch leaves the first ones.</p>
      ) : (
        <div class="scroll-x">
          <table>
            <thead>
              <tr>
                <th>Kind</th>
                <th class="number">Epochs</th>
                <th class="number">Steps</th>
                <th class="number">Bytes</th>
                <th>Saved</th>
                <th>SHA-256</th>
              </tr>
            </thead>
            <tbody>
              {trial.checkpoints.map(({ kind, epochsDone, steps, sizeBytes, savedAt, sha256 }) => (
                <tr key={kind}>
                  <td class="nowrap">{checkpointTitles[kind]}</td>
                  <td class="number">{epochsDone}</td>
                  <td class="number">{count(steps)}</td>
                  <td class="number">{bytes(sizeBytes)}</td>
                  <td class="faint">{clock(savedAt)}</td>
                  <td class="mono faint" title={sha256}>
                    {sha256.slice(0, 12)}…
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
