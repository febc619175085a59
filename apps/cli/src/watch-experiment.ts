import type { ApiClient } from './client/api-client.ts';
import { followExperiment } from './client/follow.ts';
import { openProgress } from './display/progress.ts';
import { winnerJson, winnerText } from './display/winner.ts';

/** Shows an experiment's progress until it is over. @throws Error with the reason where it has no winner. */
export async function watchExperiment(client: ApiClient, id: string, signal: AbortSignal): Promise<void> {
  const progress = openProgress();
  try {
    const { state, failureReason } = await followExperiment(client, id, progress, signal);
    if (state !== 'succeeded') {
      throw new Error(`experiment ${id} ${state}${failureReason === null ? '' : `: ${failureReason}`}`);
    }
  } finally {
    progress.stop();
  }
}

/** Prints the winner for people, or as one JSON line. */
export async function reportWinner(client: ApiClient, id: string, json: boolean): Promise<void> {
  const best = await client.best(id);
  console.log(json ? winnerJson(best) : winnerText(best, client.url));
}
