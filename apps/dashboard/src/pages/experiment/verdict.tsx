import type { Experiment } from '../../api/types.ts';
import { bytes, count, percent, score } from '../../format/format.ts';
import { links } from '../../router/router.ts';
import type { ExperimentStore } from './experiment-store.ts';

/** Who won, by how much, and why. */
export function Verdict(props: { readonly store: ExperimentStore; readonly experiment: Experiment }) {
  const winner = props.store.winner.value;
  if (winner === null) return null;
  const { runnerUp } = winner;
  return (
    <section class="verdict" aria-label="The winner">
      <dl>
        <div>
          <dt>Winner</dt>
          <dd data-readout="winner">
            <a href={links.winner(props.experiment.id)}>Trial {winner.index}</a>{' '}
            <small data-readout="winner-score">score {score(winner.score)}</small>
          </dd>
        </div>
        <div>
          <dt>Runner-up</dt>
          <dd data-readout="runner-up">
            {runnerUp === null ? (
              '–'
            ) : (
              <>
                <a href={links.trial(runnerUp.trialId)}>Trial {runnerUp.index}</a>{' '}
                <small data-readout="runner-up-score">score {score(runnerUp.score)}</small>
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>On the test images</dt>
          <dd>
            {percent(winner.testAccuracy)}{' '}
            <small>
              {count(winner.testCorrect)} of {count(winner.testTotal)} right
            </small>
          </dd>
        </div>
        <div>
          <dt>Takes</dt>
          <dd>
            {bytes(winner.totalBytes)} <small>bytes</small>
          </dd>
        </div>
      </dl>
      <p>{winner.reason}</p>
    </section>
  );
}
