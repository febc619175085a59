import { setTimeout as sleep } from 'node:timers/promises';
import type { EventSourceMessage } from 'eventsource-parser';
import type { ApiClient } from './api-client.ts';
import type { Experiment, Stage, Trial } from './replies.ts';

/** An experiment and the trials of the stage that runs, or ran last. */
export interface Snapshot {
  readonly experiment: Experiment;
  readonly stage: Stage;
  readonly trials: readonly Trial[];
}

export interface Follower {
  /** Every event once, in order. */
  event(message: EventSourceMessage): void;
  /** The state after some events; not after each. */
  snapshot(snapshot: Snapshot): void;
}

const refreshMs = 300;

/**
 * Follows an experiment until it is over: events say when something changed, the state is asked for at most every
 * 300 ms. Returns the experiment as it ended.
 */
export async function followExperiment(
  client: ApiClient,
  id: string,
  follower: Follower,
  signal: AbortSignal,
): Promise<Experiment> {
  let snapshot = await takeSnapshot(client, id);
  follower.snapshot(snapshot);
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  let changed = false;
  let over = isOver(snapshot.experiment);
  const events = (async () => {
    for await (const message of client.events(id, snapshot.experiment.lastEventId, both)) {
      follower.event(message);
      changed = true;
    }
    over = true;
  })();
  events.catch(() => undefined);
  try {
    while (!isOver(snapshot.experiment)) {
      if (!changed && !over) {
        await Promise.race([events, sleep(refreshMs, undefined, { signal })]);
        continue;
      }
      changed = false;
      snapshot = await takeSnapshot(client, id);
      follower.snapshot(snapshot);
    }
    await events;
  } finally {
    stop.abort();
  }
  return snapshot.experiment;
}

export function isOver({ state }: Pick<Experiment, 'state'>): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

async function takeSnapshot(client: ApiClient, id: string): Promise<Snapshot> {
  const experiment = await client.experiment(id);
  const stage = experiment.stages.findLast(({ state }) => state !== 'waiting') ?? experiment.stages[0]!;
  return { experiment, stage, trials: await client.stageTrials(id, stage.name) };
}
