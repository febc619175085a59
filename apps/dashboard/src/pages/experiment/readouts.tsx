import { type Experiment, shownState } from '../../api/types.ts';
import { bytes, count, duration, percent, stageTitle } from '../../format/format.ts';
import { now } from '../../live/clock.ts';
import { currentStage } from './experiment-store.ts';

/** Where the experiment stands, in one line of figures. */
export function Readouts({ experiment }: { readonly experiment: Experiment }) {
  const { state, stages, secondsLeft, startedAt, finishedAt, progress, totalBytes, budgetBytes } = experiment;
  const place = stages.findIndex(({ name }) => name === currentStage(experiment));
  const shown = shownState(experiment);
  const over = finishedAt !== null;
  const done = stages.reduce((sum, { trials }) => sum + trials.succeeded + trials.failed, 0);
  const total = stages.reduce((sum, { settings }) => sum + settings.trials, 0);
  const running = stages.reduce((sum, { trials }) => sum + trials.running, 0);
  return (
    <dl class="readouts" aria-label="Where it stands">
      <div>
        <dt>State</dt>
        <dd data-readout="state">
          {shown[0]!.toUpperCase() + shown.slice(1)} <small>{over ? '' : percent(progress, 0)}</small>
        </dd>
      </div>
      <div>
        <dt>Stage</dt>
        <dd data-readout="stage">
          {state === 'evaluating' ? 'Test images' : stageTitle(stages[place]!.name)}{' '}
          <small>
            {place + 1} of {stages.length}
          </small>
        </dd>
      </div>
      <div>
        <dt>Trials done</dt>
        <dd data-readout="trials">
          {count(done)}{' '}
          <small>
            of {count(total)}
            {running > 0 ? `, ${count(running)} running` : ''}
          </small>
        </dd>
      </div>
      {over ? (
        <div>
          <dt>Took</dt>
          <dd data-readout="time">{startedAt === null ? '–' : duration(seconds(startedAt, finishedAt))}</dd>
        </div>
      ) : (
        <div>
          <dt>Time left</dt>
          <dd data-readout="time">
            {duration(secondsLeft)}{' '}
            <small>{startedAt === null ? 'not begun' : `${duration(elapsed(startedAt))} so far`}</small>
          </dd>
        </div>
      )}
      <div>
        <dt>Size</dt>
        <dd>
          {bytes(totalBytes)} <small>of {bytes(budgetBytes)} bytes</small>
        </dd>
      </div>
    </dl>
  );
}

function seconds(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}

function elapsed(from: string): number {
  return Math.max(0, (now.value - Date.parse(from)) / 1000);
}
