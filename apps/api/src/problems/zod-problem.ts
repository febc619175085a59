import type { z } from 'zod';
import { fieldError, invalidRequest } from './invalid-request.ts';
import type { FieldError, Problem, RequestPart } from './problem.ts';

type Issue = z.core.$ZodIssue;

const mostErrors = 50;

/** Every issue of a failed parse as a refused value. Messages of our schemas say what was expected. */
export function zodProblem(part: RequestPart, data: unknown, issues: readonly Issue[]): Problem {
  const errors = issues.flatMap((issue) => fieldErrors(part, data, issue));
  const first = new Map<string, FieldError>();
  for (const error of errors) if (!first.has(error.field)) first.set(error.field, error);
  return invalidRequest([...first.values()].slice(0, mostErrors));
}

function fieldErrors(part: RequestPart, data: unknown, issue: Issue): FieldError[] {
  const value = valueAt(data, issue.path);
  if (issue.code !== 'unrecognized_keys') return [fieldError(part, issue.path, value, issue.message)];
  return issue.keys.map((key) =>
    fieldError(part, [...issue.path, key], valueAt(value, [key]), issue.message),
  );
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value = data;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
