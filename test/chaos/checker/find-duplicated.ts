import type { Problem } from './findings.ts';
import { groupBy, type History } from './history.ts';

/** Whatever counts more than once, or counters that don't agree with what they count. */
export function findDuplicated(history: History): Problem[] {
  const problems: Problem[] = [];
  const duplicated = (text: string) => problems.push({ kind: 'duplicated', text: `duplicated: ${text}` });
  const atMostOnce = (what: string, keys: readonly string[]) => {
    for (const [key, group] of groupBy(keys, String)) {
      if (group.length > 1) duplicated(`${what} ${key} counts ${group.length} times`);
    }
  };
  const events = (type: string, keyOf: (event: History['events'][number]) => string) =>
    atMostOnce(`event ${type} of`, history.events.filter((event) => event.type === type).map(keyOf));
  const ofTrial = ({ data }: History['events'][number]) => `trial ${data.trialId}`;
  const ofExperiment = (event: History['events'][number]) => `experiment ${event.experiment_id}`;
  const ofStage = (event: History['events'][number]) => `${event.data.stage} of ${ofExperiment(event)}`;

  atMostOnce(
    'the submission',
    history.experiments.map(({ name }) => name),
  );
  events('trial.succeeded', ofTrial);
  events('trial.epoch', (event) => `epoch ${event.data.epoch} of ${ofTrial(event)}`);
  for (const type of ['stage.started', 'stage.succeeded', 'selection.made']) events(type, ofStage);
  for (const type of ['experiment.submitted', 'experiment.succeeded', 'evaluation.started']) {
    events(type, ofExperiment);
  }
  atMostOnce(
    'the attempt that succeeded of trial',
    history.attempts.filter(({ state }) => state === 'succeeded').map((attempt) => attempt.trial_id),
  );
  atMostOnce(
    'the winner of experiment',
    history.models.map((model) => model.experiment_id),
  );
  atMostOnce(
    'the selection of stage',
    history.selections.map((selection) => selection.stage_id),
  );
  const completions = history.logs.filter(({ msg }) => msg === 'trial completed');
  for (const [trial, lines] of groupBy(completions, (line) => line.trial!)) {
    const attempts = [...new Set(lines.map(({ attempt }) => attempt))];
    if (attempts.length > 1) duplicated(`trial ${trial} was completed by attempts ${attempts.join(' and ')}`);
  }
  countersAgree(history, duplicated);
  return problems;
}

function countersAgree(history: History, duplicated: (text: string) => void): void {
  const trialsOf = groupBy(history.trials, (trial) => trial.stage_id);
  const stagesOf = groupBy(history.stages, (stage) => stage.experiment_id);
  const eventsOf = groupBy(history.events, (event) => event.experiment_id);
  const epochCount = new Map<string, number>();
  for (const { trial_id: id } of history.epochs) epochCount.set(id, (epochCount.get(id) ?? 0) + 1);
  for (const stage of history.stages) {
    const name = `${stage.name} of experiment ${stage.experiment_id}`;
    const trials = trialsOf.get(stage.id) ?? [];
    const agree = (what: string, counted: number, actual: number) => {
      if (counted !== actual) duplicated(`${name} counts ${counted} ${what} and has ${actual}`);
    };
    const inState = (state: string) => trials.filter((trial) => trial.state === state).length;
    agree('succeeded trials', stage.succeeded_trials, inState('succeeded'));
    agree('failed trials', stage.failed_trials, inState('failed'));
    agree(
      'epochs',
      stage.epochs_done,
      trials.reduce((sum, { id }) => sum + (epochCount.get(id) ?? 0), 0),
    );
    if (trials.length > stage.trial_count) duplicated(`${name} has ${trials.length} trials`);
  }
  for (const experiment of history.experiments) {
    const stages = stagesOf.get(experiment.id) ?? [];
    const epochs = stages.reduce((sum, stage) => sum + stage.epochs_done, 0);
    if (experiment.epochs_done !== epochs) {
      duplicated(`experiment ${experiment.id} counts ${experiment.epochs_done} epochs and has ${epochs}`);
    }
    const sequences = (eventsOf.get(experiment.id) ?? []).map(({ sequence }) => sequence);
    if (
      sequences.length !== experiment.event_sequence ||
      sequences.some((sequence, i) => sequence !== i + 1)
    ) {
      duplicated(
        `the events of experiment ${experiment.id} are not numbered 1 to ${experiment.event_sequence}`,
      );
    }
  }
}
