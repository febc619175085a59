import { Problem } from './problem.ts';

export function experimentNotFound(id: string): Problem {
  return notFound('experiment', id);
}

export function trialNotFound(id: string): Problem {
  return notFound('trial', id);
}

export function datasetNotFound(sha256: string): Problem {
  return notFound('data set', sha256);
}

function notFound(noun: string, id: string): Problem {
  return new Problem({
    kind: 'not-found',
    status: 404,
    title: `There is no such ${noun}`,
    detail: `there is no ${noun} ${id}`,
  });
}
