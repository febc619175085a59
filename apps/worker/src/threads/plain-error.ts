/** An error as it crosses from one thread to another: a structured clone would lose its name. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

export function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined };
  return { name: error.name, message: error.message, stack: error.stack };
}

/** The work went wrong on its thread. */
export class ThreadError extends Error {
  override readonly name = 'ThreadError';

  constructor({ name, message, stack }: PlainError) {
    super(name === 'Error' ? message : `${name}: ${message}`);
    if (stack !== undefined) this.stack = stack;
  }
}
