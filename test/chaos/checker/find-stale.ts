import type { Problem } from './findings.ts';
import { type EventRow, groupBy, type History } from './history.ts';

const attemptEnds = new Set(['trial.preempted', 'trial.retried', 'trial.failed', 'trial.succeeded']);

/**
 * Writes by attempts that no longer held their trial. The events of an experiment are numbered under its row's lock,
 * so their order is the order of the commits: an epoch must lie between its attempt's claim and its end.
 */
export function findStale(history: History): Problem[] {
  const problems: Problem[] = [];
  const stale = (text: string) => problems.push({ kind: 'stale', text: `stale write: ${text}` });
  const writer = new Map(history.epochs.map((row) => [`${row.trial_id} ${row.epoch}`, row.attempt]));
  const ofTrial = history.events.filter(
    ({ data, type }) => data.trialId !== undefined && type.startsWith('trial.'),
  );
  for (const [trialId, events] of groupBy(ofTrial, ({ data }) => data.trialId!)) {
    followTrial(trialId, events, writer, stale);
  }
  for (const [id, events] of groupBy(history.events, (event) => event.experiment_id)) {
    followEvaluation(id, events, stale);
  }
  attemptsJoin(history, stale);
  for (const line of history.logs) {
    if (line.msg !== 'epoch recorded') continue;
    const attempt = writer.get(`${line.trial} ${line.epoch}`);
    if (attempt !== undefined && attempt !== line.attempt) {
      stale(
        `epoch ${line.epoch} of trial ${line.trial}: attempt ${line.attempt} says it recorded it, and ${attempt} did`,
      );
    }
  }
  return problems;
}

function followTrial(
  trialId: string,
  events: readonly EventRow[],
  writer: ReadonlyMap<string, number>,
  stale: (text: string) => void,
): void {
  let holder: number | null = null;
  for (const { type, sequence, data } of events) {
    if (type === 'trial.claimed') {
      if (holder !== null) stale(`trial ${trialId} was claimed by ${data.attempt} while ${holder} held it`);
      holder = data.attempt!;
    } else if (type === 'trial.epoch') {
      const attempt = writer.get(`${trialId} ${data.epoch}`);
      if (attempt !== holder) {
        stale(
          `epoch ${data.epoch} of trial ${trialId} (event ${sequence}) by attempt ${attempt}; ${holder} held it`,
        );
      }
    } else if (attemptEnds.has(type)) {
      if (data.attempt !== holder) {
        stale(
          `${type} of trial ${trialId} (event ${sequence}) by attempt ${data.attempt}; ${holder} held it`,
        );
      }
      holder = null;
    }
  }
}

function followEvaluation(id: string, events: readonly EventRow[], stale: (text: string) => void): void {
  let holder: number | null = null;
  for (const { type, sequence, data } of events) {
    if (type === 'evaluation.claimed') holder = data.attempt!;
    if (type === 'evaluation.preempted' || type === 'evaluation.retried') {
      if (data.attempt !== holder)
        stale(`${type} of experiment ${id} (event ${sequence}) by ${data.attempt}`);
      holder = null;
    }
    if (type === 'experiment.succeeded' && holder === null) {
      stale(
        `the winner of experiment ${id} was recorded (event ${sequence}) while no attempt held its evaluation`,
      );
    }
  }
}

/** Each attempt starts where the one before ended, and wrote the epochs between. */
function attemptsJoin(history: History, stale: (text: string) => void): void {
  const epochsOf = groupBy(history.epochs, (row) => `${row.trial_id} ${row.attempt}`);
  for (const [trialId, attempts] of groupBy(history.attempts, (attempt) => attempt.trial_id)) {
    let reached = 0;
    for (const { number, start_epoch: start, epochs_done: end } of attempts) {
      if (start !== reached) {
        stale(
          `attempt ${number} of trial ${trialId} starts at epoch ${start}; those before reached ${reached}`,
        );
      }
      const written = (epochsOf.get(`${trialId} ${number}`) ?? []).map(({ epoch }) => epoch);
      if (written.length !== end - start || written.some((epoch, i) => epoch !== start + i)) {
        stale(
          `attempt ${number} of trial ${trialId} wrote epochs ${written.join(' ')}; expected ${start} to ${end}`,
        );
      }
      reached = end;
    }
  }
}
