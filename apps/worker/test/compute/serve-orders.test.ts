import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { presets } from '@bitkiln/core';
import type { EpochResult, Trainer } from '@bitkiln/trainer';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ThreadReply, ThreadRequest, TrainOrder } from '../../src/compute/messages.ts';
import { serveOrders } from '../../src/compute/serve-orders.ts';

const order: TrainOrder = {
  kind: 'train',
  network: 'S(2)',
  input: { rows: 1, cols: 1, channels: 1 },
  stage: 'float',
  settings: { ...presets.quick.float, epochs: 5 },
  experimentSeed: 1,
  trialIndex: 0,
  start: { kind: 'fresh' },
  resume: null,
  train: { images: Uint8Array.of(1), labels: Uint8Array.of(0), count: 1 },
  validation: { images: Uint8Array.of(1), labels: Uint8Array.of(0), count: 1 },
};

/** Epochs that say they took so long, the failure that follows them if any, and a note of which were begun. */
function scriptedTrainer(durationMs: number, failure: Error | null) {
  const begun: number[] = [];
  const trainer: Trainer = {
    numericsId: { trainer: 'scripted', definition: 1, options: '', reproducible: true },
    async *train({ settings }, { resumeFrom, signal } = {}) {
      for (let epoch = resumeFrom?.epochsDone ?? 0; epoch < settings.epochs; epoch++) {
        begun.push(epoch);
        await sleep(1);
        signal?.throwIfAborted();
        yield epochResult(epoch, durationMs);
      }
      if (failure !== null) throw failure;
    },
    dispose() {},
  };
  return { trainer, begun };
}

function epochResult(epoch: number, durationMs: number): EpochResult {
  const vector = () => Float32Array.of(epoch);
  const state = { parameters: vector(), firstMoment: vector(), secondMoment: vector() };
  return {
    epoch,
    learningRate: 1,
    trainLoss: 1,
    validationLoss: 1,
    validationCorrect: 0,
    durationMs,
    checkpoint: { epochsDone: epoch + 1, steps: epoch + 1, ...state },
  };
}

let port: MessagePort;
let begun: readonly number[];
let replies: ThreadReply[];

function serve(durationMs: number, failure: Error | null = null): void {
  const channel = new MessageChannel();
  const scripted = scriptedTrainer(durationMs, failure);
  serveOrders(channel.port2, scripted.trainer);
  ({ begun } = scripted);
  port = channel.port1;
  replies = [];
  port.on('message', (reply: ThreadReply) => replies.push(reply));
}

beforeEach(() => serve(1000));
afterEach(() => port.close());

const send = (request: ThreadRequest) => port.postMessage(request);
/** These epochs are begun, in the end, and no more. */
const begins = async (...epochs: number[]) => {
  await expect.poll(() => begun).toEqual(epochs);
  await sleep(50);
  expect(begun).toEqual(epochs);
};
const recorded = () => send({ kind: 'recorded', number: 1 });
/** The epochs of each batch that was sent. */
const batches = () =>
  replies.flatMap((reply) => (reply.kind === 'epochs' ? [reply.results.map(({ epoch }) => epoch)] : []));
const kinds = () => replies.map(({ kind, number }) => `${kind} ${number}`);

test('an epoch may begin once the one before the last is recorded', async () => {
  send({ kind: 'order', number: 1, order });
  await begins(0, 1);
  recorded();
  await begins(0, 1, 2);
  recorded();
  await begins(0, 1, 2, 3);
  recorded();
  await begins(0, 1, 2, 3, 4);
  expect(batches()).toEqual([[0], [1], [2], [3]]);
  recorded();
  await expect.poll(() => replies.at(-1)).toEqual({ kind: 'done', number: 1, result: null });
  expect(batches()).toEqual([[0], [1], [2], [3], [4]]);
});

test('short epochs run ahead for a quarter of a second of training, and are sent together', async () => {
  port.close();
  serve(50);
  send({ kind: 'order', number: 1, order: { ...order, settings: { ...order.settings, epochs: 12 } } });
  await begins(0, 1, 2, 3, 4);
  expect(batches()).toEqual([[0]]);
  recorded();
  await begins(0, 1, 2, 3, 4, 5);
  expect(batches()).toEqual([[0], [1, 2, 3, 4]]);
  recorded();
  await begins(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  expect(batches()).toEqual([[0], [1, 2, 3, 4], [5]]);
  recorded();
  await begins(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
  recorded();
  await expect.poll(batches).toEqual([[0], [1, 2, 3, 4], [5], [6, 7, 8, 9], [10]]);
  recorded();
  await expect.poll(() => replies.at(-1)).toEqual({ kind: 'done', number: 1, result: null });
  expect(batches().flat()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test('however short they are, no more than 64 wait to be recorded', async () => {
  port.close();
  serve(0);
  send({ kind: 'order', number: 1, order: { ...order, settings: { ...order.settings, epochs: 200 } } });
  await begins(...Array.from({ length: 64 }, (_, epoch) => epoch));
});

test('what was finished before a failure is sent before it', async () => {
  port.close();
  serve(1, new Error('diverged'));
  send({ kind: 'order', number: 1, order });
  await begins(0, 1, 2, 3, 4);
  expect(kinds()).toEqual(['epochs 1']);
  recorded();
  await expect.poll(kinds).toEqual(['epochs 1', 'epochs 1', 'failed 1']);
  expect(batches()).toEqual([[0], [1, 2, 3, 4]]);
  expect(replies.at(-1)).toMatchObject({ error: { message: 'diverged' } });
});

test('a resumed trial too runs one epoch ahead', async () => {
  const resume = epochResult(1, 1000).checkpoint;
  send({ kind: 'order', number: 1, order: { ...order, resume } });
  await begins(2, 3);
});

test('an abort ends an order that waits, and is answered once it has ended', async () => {
  send({ kind: 'order', number: 1, order });
  await begins(0, 1);
  send({ kind: 'abort', number: 1 });
  await expect.poll(kinds).toEqual(['epochs 1', 'failed 1', 'stopped 1']);
  expect(replies[1]).toMatchObject({ error: { name: 'AbortError' } });
  await begins(0, 1);
});

test('an abort of an order that is over is answered too', async () => {
  send({ kind: 'order', number: 1, order: { ...order, settings: { ...order.settings, epochs: 1 } } });
  await expect.poll(kinds).toEqual(['epochs 1', 'done 1']);
  send({ kind: 'abort', number: 1 });
  await expect.poll(kinds).toEqual(['epochs 1', 'done 1', 'stopped 1']);
});

test('what concerns an order given up does not touch the next', async () => {
  send({ kind: 'order', number: 1, order });
  await begins(0, 1);
  send({ kind: 'abort', number: 1 });
  await expect.poll(() => kinds().at(-1)).toBe('stopped 1');
  send({ kind: 'order', number: 2, order });
  recorded();
  send({ kind: 'abort', number: 1 });
  await begins(0, 1, 0, 1);
  expect(kinds().filter((kind) => kind.endsWith('2'))).toEqual(['epochs 2']);
});
