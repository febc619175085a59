import { displayValue } from './display-value.ts';
import { type FieldError, Problem, type RequestPart } from './problem.ts';

/** A 400 that lists every refused value; its detail says the first in one line. */
export function invalidRequest(errors: readonly FieldError[]): Problem {
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new Problem({
    kind: 'invalid-request',
    status: 400,
    title: 'The request is not valid',
    detail: first === undefined ? 'the request is not valid' : `${describe(first)}${more}`,
    errors,
  });
}

/** `body /seed: got 1.5, expected a whole number from 0 to 9007199254740991`. */
export function describe(error: FieldError): string {
  const place = error.field === '' ? error.in : `${error.in} ${error.field}`;
  const got = 'value' in error ? `got ${JSON.stringify(error.value)}` : 'it is missing';
  return `${place}: ${got}, expected ${error.expected}`;
}

/** A refused value at a path of keys; `undefined` counts as nothing sent. */
export function fieldError(
  part: RequestPart,
  path: readonly PropertyKey[],
  value: unknown,
  expected: string,
): FieldError {
  const field = path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  if (value === undefined) return { in: part, field, expected };
  return { in: part, field, value: displayValue(value), expected };
}
