import type { MessagePort } from 'node:worker_threads';
import type { EpochResult, Trainer } from '@bitkiln/trainer';
import { plainError } from '../threads/plain-error.ts';
import { EpochBatches } from './epoch-batches.ts';
import type { Order, ThreadReply, ThreadRequest, TrainOrder } from './messages.ts';
import { trialTask } from './trial-task.ts';

interface Running {
  readonly number: number;
  readonly abort: AbortController;
  readonly batches: EpochBatches;
  readonly ended: Promise<void>;
}

/** The compute thread's side: serves the process's orders, one at a time. */
export function serveOrders(port: MessagePort, trainer: Trainer): void {
  let running: Running | null = null;

  function begin(number: number, order: Order): Running {
    const abort = new AbortController();
    const send = (results: readonly EpochResult[]) =>
      port.postMessage({ kind: 'epochs', number, results } satisfies ThreadReply, results.flatMap(buffersOf));
    const batches = new EpochBatches(send, abort.signal);
    const ended = perform(trainer, order, abort.signal, (result) => batches.add(result))
      .finally(() => batches.flushed())
      .then(
        (result) => port.postMessage({ kind: 'done', number, result } satisfies ThreadReply),
        (error) =>
          port.postMessage({ kind: 'failed', number, error: plainError(error) } satisfies ThreadReply),
      );
    return { number, abort, batches, ended };
  }

  port.on('message', (request: ThreadRequest) => {
    if (request.kind === 'order') running = begin(request.number, request.order);
    if (running === null || running.number !== request.number) return;
    const { number, abort, batches, ended } = running;
    if (request.kind === 'recorded') batches.recorded();
    if (request.kind === 'abort') {
      abort.abort();
      void ended.then(() => port.postMessage({ kind: 'stopped', number } satisfies ThreadReply));
    }
  });
}

async function perform(
  trainer: Trainer,
  order: Order,
  signal: AbortSignal,
  onEpoch: (result: EpochResult) => Promise<void>,
) {
  switch (order.kind) {
    case 'train':
      await train(trainer, order, signal, onEpoch);
      return null;
    case 'evaluate':
      return (await import('./evaluate-winner.ts')).evaluateWinner(order);
  }
}

async function train(
  trainer: Trainer,
  order: TrainOrder,
  signal: AbortSignal,
  onEpoch: (result: EpochResult) => Promise<void>,
): Promise<void> {
  const resume = order.resume === null ? {} : { resumeFrom: order.resume };
  for await (const result of trainer.train(trialTask(order), { signal, ...resume })) await onEpoch(result);
}

/** A checkpoint's buffers belong to the receiver, so they move to the process without a copy. */
function buffersOf({ checkpoint: { parameters, firstMoment, secondMoment } }: EpochResult): ArrayBuffer[] {
  return [...new Set([parameters, firstMoment, secondMoment].map(({ buffer }) => buffer as ArrayBuffer))];
}
