import { signal } from '@preact/signals';
import type { ExperimentBrief, Worker } from '../api/types.ts';
import { follow } from './follow.ts';

/** How the page stands with the service. */
export const connection = signal<'connecting' | 'live' | 'lost'>('connecting');

/** Grows with every connection: what was read before it may be stale. */
export const connections = signal(0);

type Listener<T> = (value: T) => void;
const experimentListeners = new Set<Listener<ExperimentBrief>>();
const workerListeners = new Set<Listener<Worker>>();
const deletionListeners = new Set<Listener<string>>();

/** Opens the page's one stream of experiments and workers; `refused` where the service wants a token after all. */
export function startLive(refused: () => void): () => void {
  return follow({
    url: () => '/live',
    onMessage: ({ event, data }) => {
      if (event === 'ready') {
        connection.value = 'live';
        connections.value += 1;
      } else if (event === 'experiment') {
        for (const listener of experimentListeners) listener(JSON.parse(data));
      } else if (event === 'deleted') {
        for (const listener of deletionListeners) listener(JSON.parse(data).id);
      } else if (event === 'worker') {
        for (const listener of workerListeners) listener(JSON.parse(data));
      }
    },
    onRefused: refused,
    onLost: () => {
      connection.value = 'lost';
    },
  });
}

/** Calls back with each experiment that changes, until the returned function is called. */
export function onExperiment(listener: Listener<ExperimentBrief>): () => void {
  experimentListeners.add(listener);
  return () => experimentListeners.delete(listener);
}

/** Calls back with each worker that changes, until the returned function is called. */
export function onWorker(listener: Listener<Worker>): () => void {
  workerListeners.add(listener);
  return () => workerListeners.delete(listener);
}

/** Calls back with the id of each experiment that is deleted, until the returned function is called. */
export function onDeleted(listener: Listener<string>): () => void {
  deletionListeners.add(listener);
  return () => deletionListeners.delete(listener);
}
