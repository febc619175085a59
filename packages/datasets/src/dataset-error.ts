export interface DatasetErrorDetail {
  /** The data set, file or array at fault, as the user knows it. */
  readonly source: string;
  readonly field: string;
  readonly value: unknown;
  readonly expected: string;
}

/** Data that can't be read or that make no data set. */
export class DatasetError extends Error {
  override readonly name = 'DatasetError';
  readonly source: string;
  readonly field: string;
  readonly value: unknown;
  readonly expected: string;

  constructor({ source, field, value, expected }: DatasetErrorDetail) {
    super(`${source}: ${field} is ${show(value)}; expected ${expected}`);
    this.source = source;
    this.field = field;
    this.value = value;
    this.expected = expected;
  }
}

function show(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
