import { createHash } from 'node:crypto';
import type { Problem } from './findings.ts';
import { type ExperimentRow, groupBy, type History } from './history.ts';

/** Every byte that two runs of one experiment must have in common, as named digests. */
type Outcome = ReadonlyMap<string, string>;

/** Holds every finished experiment against the one that asked for the same and ran undisturbed. */
export function compareWinners(history: History, undisturbed: History): Problem[] {
  const expected = outcomes(undisturbed);
  const problems: Problem[] = [];
  for (const [id, { task, outcome }] of outcomes(history)) {
    const twin = [...expected.values()].find((each) => each.task === task);
    const name = `experiment ${id}`;
    if (twin === undefined) {
      problems.push({ kind: 'winner', text: `winner: ${name} has no undisturbed run to be held against` });
      continue;
    }
    for (const key of new Set([...outcome.keys(), ...twin.outcome.keys()])) {
      const [actual, wanted] = [outcome.get(key), twin.outcome.get(key)];
      if (actual !== wanted) {
        problems.push({
          kind: 'winner',
          text: `winner: ${key} of ${name} is ${actual}; undisturbed it is ${wanted}`,
        });
      }
    }
  }
  return problems;
}

function outcomes(history: History): Map<string, { readonly task: string; readonly outcome: Outcome }> {
  const trialsOf = groupBy(history.trials, (trial) => trial.experiment_id);
  const epochsOf = groupBy(history.epochs, (epoch) => epoch.trial_id);
  const checkpointsOf = groupBy(history.checkpoints, (checkpoint) => checkpoint.trial_id);
  const modelOf = new Map(history.models.map((model) => [model.experiment_id, model]));
  const describe = ({ id }: ExperimentRow): Outcome => {
    const outcome = new Map<string, string>();
    for (const trial of trialsOf.get(id) ?? []) {
      const name = `${trial.stage_name} ${trial.trial_index}`;
      const figures = (epochsOf.get(trial.id) ?? []).map((row) =>
        [row.epoch, row.train_loss, row.validation_loss, row.validation_correct].join(' '),
      );
      outcome.set(`epochs of ${name}`, digest(Buffer.from(figures.join('\n'))));
      for (const { kind, sha256 } of checkpointsOf.get(trial.id) ?? [])
        outcome.set(`${kind} of ${name}`, sha256);
    }
    const model = modelOf.get(id);
    if (model !== undefined) {
      const winner = trialsOf.get(id)!.find((trial) => trial.id === model.trial_id)!;
      outcome.set('winner', `${winner.stage_name} ${winner.trial_index}`);
      outcome.set('model.json', digest(withoutIds(model.json, [id, winner.id])));
      outcome.set('model.h5', digest(withoutIds(model.h5, [id, winner.id])));
    }
    return outcome;
  };
  const finished = history.experiments.filter(({ state }) => state === 'succeeded');
  return new Map(finished.map((each) => [each.id, { task: each.task, outcome: describe(each) }]));
}

/** The files name their experiment and trial, whose ids are drawn anew for each; all else is compared. */
function withoutIds(file: Buffer, ids: readonly string[]): Buffer {
  const copy = Buffer.from(file);
  for (const id of ids) {
    for (let at = copy.indexOf(id); at >= 0; at = copy.indexOf(id, at)) copy.fill('-', at, at + id.length);
  }
  return copy;
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
