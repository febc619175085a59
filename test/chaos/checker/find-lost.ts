import type { Problem } from './findings.ts';
import { groupBy, type History } from './history.ts';

/** Whatever was promised and isn't there: experiments, trials, epochs, results. */
export function findLost(history: History): Problem[] {
  const problems: Problem[] = [];
  const lost = (text: string) => problems.push({ kind: 'lost', text: `lost: ${text}` });
  const experiments = new Map(history.experiments.map((experiment) => [experiment.id, experiment]));
  for (const { key, experimentId } of history.submissions) {
    if (!experiments.has(experimentId)) lost(`experiment ${experimentId}, acknowledged for ${key}`);
  }
  for (const { id, state, failure_reason: reason } of experiments.values()) {
    if (state !== 'succeeded') lost(`the result of experiment ${id}: it is ${state} (${reason})`);
  }
  const trialsOf = groupBy(history.trials, (trial) => trial.stage_id);
  const epochsOf = groupBy(history.epochs, (epoch) => epoch.trial_id);
  for (const stage of history.stages) {
    const trials = trialsOf.get(stage.id) ?? [];
    const name = `${stage.name} of experiment ${stage.experiment_id}`;
    for (let index = 0; index < stage.trial_count; index += 1) {
      const trial = trials.find((each) => each.trial_index === index);
      if (trial === undefined) lost(`trial ${index}, ${name}`);
      else if (trial.state !== 'succeeded')
        lost(`trial ${trial.id} (${index}, ${name}): it is ${trial.state}`);
    }
    for (const trial of trials) {
      const numbers = (epochsOf.get(trial.id) ?? []).map(({ epoch }) => epoch);
      const gap = numbers.findIndex((epoch, i) => epoch !== i);
      if (gap >= 0) lost(`epoch ${gap} of trial ${trial.id}, before epoch ${numbers[gap]}`);
      if (trial.state === 'succeeded' && numbers.length !== stage.epochs) {
        lost(`epochs of trial ${trial.id}: it succeeded with ${numbers.length} of ${stage.epochs}`);
      }
    }
  }
  const epochs = new Map(history.epochs.map((epoch) => [`${epoch.trial_id} ${epoch.epoch}`, epoch]));
  const states = new Map(history.trials.map(({ id, state }) => [id, state]));
  for (const line of history.logs) {
    if (line.msg === 'epoch recorded' && !epochs.has(`${line.trial} ${line.epoch}`)) {
      lost(`epoch ${line.epoch} of trial ${line.trial}, which attempt ${line.attempt} has recorded`);
    }
    if (line.msg === 'trial completed' && states.get(line.trial!) !== 'succeeded') {
      lost(`the completion of trial ${line.trial} by attempt ${line.attempt}`);
    }
    if (line.msg === 'winner recorded' && experiments.get(line.experiment!)?.state !== 'succeeded') {
      lost(`the winner of experiment ${line.experiment}`);
    }
  }
  return problems;
}
