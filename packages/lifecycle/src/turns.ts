/*
 * Whose trial is next: start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996). Every fresh trial has a turn,
 * and the queue gives out the lowest. A stage's turns begin where the service stands at its start and rise by a step
 * that is smaller the higher its experiment's priority: experiments that wait beside each other get trials in
 * proportion to their priorities, and a new one need not wait until those before it are through. While so many
 * experiments at most compete, none starves: a later one gets no turn before the present. Where ever more come than are
 * served, everyone's share shrinks, and a wait has no bound.
 */

export const defaultPriority = 10;

/** The queue's highest number; a service that has not been idle for so long serves in order of arrival from there. */
export const lastTurn = 2 ** 21 - 1;

/** SQL for where the service stands: what it serves now, else what waits first, else nothing. */
export const presentTurn = `coalesce(
  (SELECT max(turn) FROM trials WHERE state = 'running'),
  (SELECT min(turn) FROM trials WHERE state IN ('queued', 'preempted')),
  0)`;

/** SQL for the turns from one trial to the next at a priority. */
export function turnStep(priority: string): string {
  return `ceil(100.0 / ${priority})::int`;
}
