import { show } from '../show.ts';

/** A protocol that no experiment can follow. `field` is a path below `protocol`, '' for the whole. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly field: string;
  readonly value: unknown;
  readonly expected: string;

  constructor(field: string, value: unknown, expected: string, fault?: string) {
    super(
      fault ?? `${field === '' ? 'protocol' : `protocol.${field}`} is ${show(value)}; expected ${expected}`,
    );
    this.field = field;
    this.value = value;
    this.expected = expected;
  }
}
