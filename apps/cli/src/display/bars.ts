import cliProgress, { type MultiBar, type SingleBar } from 'cli-progress';
import type { Follower, Snapshot } from '../client/follow.ts';
import type { Trial } from '../client/replies.ts';
import { duration, percent, stageTitle } from './format.ts';
import { imagesLine } from './plain-lines.ts';

/** Progress as bars on a terminal: one a trial, stage by stage. `stop` leaves the last picture standing. */
export function trialBars(stream: NodeJS.WriteStream): Follower & { stop(): void } {
  let stage: { name: string; bars: MultiBar; byTrial: Map<string, SingleBar> } | null = null;
  return {
    event({ event, data }) {
      if (event === 'images.preparing') stage?.bars.log(`  ${imagesLine(data)}\n`);
    },
    snapshot(snapshot) {
      if (stage === null || stage.name !== snapshot.stage.name) {
        stage?.bars.stop();
        stream.write(`\n${heading(snapshot)}\n`);
        stage = { name: snapshot.stage.name, bars: newBars(stream), byTrial: new Map() };
      }
      drawTrials(stage, snapshot, stream.rows ?? 24);
    },
    stop: () => stage?.bars.stop(),
  };
}

function heading({ experiment, stage }: Snapshot): string {
  const place = experiment.stages.findIndex(({ name }) => name === stage.name) + 1;
  const { trials, epochs } = stage.settings;
  return `stage ${place} of ${experiment.stages.length}, ${stageTitle(stage.name)}: ${trials} trials of ${epochs} epochs`;
}

function newBars(stream: NodeJS.WriteStream): MultiBar {
  return new cliProgress.MultiBar(
    {
      stream,
      hideCursor: true,
      clearOnComplete: false,
      stopOnComplete: false,
      linewrap: false,
      format: '  trial {index} {bar} {value}/{total}  loss {loss}  accuracy {accuracy}  {left}',
    },
    cliProgress.Presets.shades_classic,
  );
}

/** Bars stand for all trials where the terminal has the rows, else for those that have begun and are not over. */
function drawTrials(
  { bars, byTrial }: { bars: MultiBar; byTrial: Map<string, SingleBar> },
  { experiment, trials }: Snapshot,
  rows: number,
): void {
  const roomForAll = trials.length <= rows - 4;
  for (const trial of trials) {
    const bar = byTrial.get(trial.id);
    const over = trial.state === 'succeeded' || trial.state === 'failed' || trial.state === 'cancelled';
    if (!roomForAll && (over || trial.epochsDone === 0)) {
      if (bar === undefined) continue;
      bars.remove(bar);
      byTrial.delete(trial.id);
      bars.log(`  trial ${trial.index} ${trial.state}: ${JSON.stringify(payload(trial))}\n`);
    } else if (bar === undefined) {
      byTrial.set(trial.id, bars.create(trial.epochsTotal, trial.epochsDone, payload(trial)));
    } else {
      bar.update(trial.epochsDone, payload(trial));
    }
  }
  byTrial
    .get(trials.findLast(({ state }) => state === 'running')?.id ?? '')
    ?.update({ left: `${duration(experiment.secondsLeft)} left in all` });
}

function payload(trial: Trial) {
  const { lowestLoss, highestAccuracy } = trial;
  return {
    index: String(trial.index).padStart(2),
    loss: lowestLoss === null ? '   -  ' : lowestLoss.validationLoss.toFixed(4),
    accuracy: highestAccuracy === null ? '   -  ' : percent(highestAccuracy.validationAccuracy),
    left: trial.state === 'running' ? `${duration(secondsLeft(trial))} left` : trial.state,
  };
}

function secondsLeft({ epochsDone, epochsTotal, secondsTrained }: Trial): number | null {
  return epochsDone === 0 ? null : (secondsTrained / epochsDone) * (epochsTotal - epochsDone);
}
