import { expect, test } from 'vitest';
import { describe, fieldError, invalidRequest } from '../../src/problems/invalid-request.ts';

test('a field is named by its JSON pointer', () => {
  expect(fieldError('body', ['a/b', 'c~d', 2], 1, 'x').field).toBe('/a~1b/c~0d/2');
  expect(fieldError('body', [], 1, 'x').field).toBe('');
});

test('what JSON can not carry is repeated by its name, and what is missing is not repeated', () => {
  expect(fieldError('body', ['seed'], Number.POSITIVE_INFINITY, 'x').value).toBe('Infinity');
  expect(fieldError('body', ['seed'], undefined, 'x')).not.toHaveProperty('value');
  expect(describe(fieldError('body', ['seed'], undefined, 'a number'))).toBe(
    'body /seed: it is missing, expected a number',
  );
});

test('a reply does not grow with what was refused', () => {
  const long = 'x'.repeat(100_000);
  const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`);
  for (const value of [long, [long], { long }, deep]) {
    expect(JSON.stringify(fieldError('body', ['name'], value, 'x')).length).toBeLessThan(300);
  }
});

test('the detail says the first fault and counts the others', () => {
  const errors = [fieldError('query', ['limit'], 'x', 'a number'), fieldError('query', ['sort'], 'y', 'z')];
  const problem = invalidRequest(errors);
  expect(problem.message).toBe('query /limit: got "x", expected a number (and 1 more)');
  expect(problem.errors).toEqual(errors);
});
