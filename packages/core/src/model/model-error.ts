import { show } from '../show.ts';

/** A model, or a model file, that can't be. The message names the field, the value and what was expected. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly field: string;
  readonly value: unknown;
  readonly expected: string;

  constructor(field: string, value: unknown, expected: string, options?: ErrorOptions) {
    super(`${field} is ${show(value)}; expected ${expected}`, options);
    this.field = field;
    this.value = value;
    this.expected = expected;
  }
}
