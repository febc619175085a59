import { NotFoundError, WrongStateError } from '@bitkiln/lifecycle';
import { Problem } from './problem.ts';

/** Answers what the life cycle refuses: 404 for what isn't there, 409 for what its state does not allow. */
export function answerRefusals<T>(operation: Promise<T>): Promise<T> {
  return operation.catch((error: unknown) => {
    if (error instanceof NotFoundError) {
      throw new Problem({
        kind: 'not-found',
        status: 404,
        title: 'There is no such resource',
        detail: error.message,
      });
    }
    if (error instanceof WrongStateError) {
      throw new Problem({
        kind: 'wrong-state',
        status: 409,
        title: 'Its state does not allow this',
        detail: error.message,
        members: { state: error.state },
      });
    }
    throw error;
  });
}
