import type { TokenRole } from '@bitkiln/lifecycle';
import { Problem } from './problem.ts';

export function tokenMissing(): Problem {
  return new Problem({
    kind: 'unauthorized',
    status: 401,
    title: 'A token is needed',
    detail:
      'authorization is missing, expected Bearer and an API token; ' +
      '`npx bitkiln token create` makes one on the service’s host',
  });
}

export function tokenInvalid(): Problem {
  return new Problem({
    kind: 'unauthorized',
    status: 401,
    title: 'The token is not valid',
    detail: 'the token is unknown, expired or revoked, expected a valid one',
  });
}

export function roleTooLow(held: TokenRole, needed: TokenRole): Problem {
  return new Problem({
    kind: 'forbidden',
    status: 403,
    title: 'The token may not do this',
    detail: `the token's role is ${held}, expected ${needed}${needed === 'admin' ? '' : ' or higher'}`,
    members: { role: held, requiredRole: needed },
  });
}

export function tooManyRequests(what: string, limit: number): Problem {
  return new Problem({
    kind: 'too-many-requests',
    status: 429,
    title: `Too many ${what}`,
    detail: `there were more than ${limit} ${what} in a minute; try again after Retry-After seconds`,
    members: { limit },
  });
}
