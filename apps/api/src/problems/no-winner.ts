import { Problem } from './problem.ts';

export function noWinner(experimentId: string, state: string): Problem {
  return new Problem({
    kind: 'no-winner',
    status: 409,
    title: 'The experiment has no winner',
    detail: `experiment ${experimentId} is ${state}, expected succeeded`,
    members: { state },
  });
}
