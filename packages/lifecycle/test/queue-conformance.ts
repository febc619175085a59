import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type Job,
  type JobConsumer,
  type JobQueue,
  type NumericsId,
  openQueue,
  type TakenJob,
} from '../src/index.ts';
import { evaluationQueue, freshTrialQueue, numericsQueue } from '../src/queue-names.ts';
import { lastTurn } from '../src/turns.ts';

export interface QueueServer {
  readonly databaseUrl: string;
  readonly redisUrl?: string;
}

const cpu: NumericsId = { trainer: 'tensor', definition: 1, options: 'backend=cpu', reproducible: true };
const gpu: NumericsId = {
  trainer: 'tensor',
  definition: 1,
  options: 'backend=node-gpu',
  reproducible: false,
};

/**
 * What the life cycle asks of a queue, whatever it runs on. Each test opens queues of its own on one server, and
 * uses numerics ids of its own where it must not meet another's jobs.
 */
export function queueConformance(kind: 'postgres' | 'redis', server: () => QueueServer): void {
  describe(`the queue on ${kind}`, () => {
    const closing: (() => Promise<void>)[] = [];
    afterEach(async () => {
      for (const close of closing.splice(0).reverse()) await close();
    });

    const open = async (): Promise<JobQueue> => {
      const queue = await openQueue(server());
      closing.push(() => queue.close());
      return queue;
    };
    const consume = (queue: JobQueue, numericsId: NumericsId): JobConsumer => {
      const consumer = queue.consumer(numericsId);
      closing.push(() => consumer.close());
      return consumer;
    };

    test('says what it runs on and answers a ping', async () => {
      const queue = await open();
      expect(queue.kind).toBe(kind);
      await queue.ping();
    });

    test('gives jobs in the order they were added, once each', async () => {
      const queue = await open();
      const jobs = Array.from({ length: 5 }, () => trialJob(freshTrialQueue));
      await queue.enqueue(jobs);
      const consumer = consume(queue, cpu);
      const taken = await takeAll(consumer);
      expect(taken.map(({ jobId, payload }) => ({ jobId, payload }))).toEqual(
        jobs.map(({ jobId, payload }) => ({ jobId, payload })),
      );
    });

    test('gives the lowest turn first, those without one before all, and equal ones in order', async () => {
      const queue = await open();
      const turns = [30, 10, lastTurn, 0, 20, 10];
      const jobs = turns.map((turn) => ({ ...trialJob(freshTrialQueue), turn }));
      await queue.enqueue(jobs);
      const taken = await takeAll(consume(queue, cpu));
      const order = [3, 1, 5, 4, 0, 2];
      expect(taken.map(({ jobId }) => jobId)).toEqual(order.map((i) => jobs[i]!.jobId));
    });

    test('adds a job once, however often it is sent, while it waits and while it is in hand', async () => {
      const queue = await open();
      const job = trialJob(freshTrialQueue);
      await queue.enqueue([job, job]);
      await queue.enqueue([job]);
      const consumer = consume(queue, cpu);
      const taken = await consumer.next(soon());
      expect(taken?.jobId).toBe(job.jobId);
      await queue.enqueue([job]);
      await taken!.done();
      expect(await takeAll(consumer)).toEqual([]);
    });

    test('takes a job again that was sent after it was done', async () => {
      const queue = await open();
      const job = trialJob(freshTrialQueue);
      const consumer = consume(queue, cpu);
      for (const _ of [1, 2]) {
        await queue.enqueue([job]);
        expect((await takeAll(consumer)).map(({ jobId }) => jobId)).toEqual([job.jobId]);
      }
    });

    test('gives evaluations first, then the own numerics id, then fresh trials', async () => {
      const queue = await open();
      const fresh = trialJob(freshTrialQueue);
      const own = trialJob(numericsQueue('tensor/1/backend=cpu'));
      const evaluation: Job = {
        jobId: `evaluation-${randomUUID()}-0`,
        queue: evaluationQueue,
        payload: { kind: 'evaluation', experimentId: randomUUID() },
      };
      await queue.enqueue([fresh, own, evaluation]);
      const taken = await takeAll(consume(queue, cpu));
      expect(taken.map(({ jobId }) => jobId)).toEqual([evaluation.jobId, own.jobId, fresh.jobId]);
      expect(taken.map(({ queue: name }) => name)).toEqual([evaluation.queue, own.queue, fresh.queue]);
      expect(taken[0]!.payload).toEqual(evaluation.payload);
    });

    test('gives what is more urgent within a moment, however long the line it comes before', async () => {
      const queue = await open();
      await queue.enqueue(Array.from({ length: 30 }, () => trialJob(freshTrialQueue)));
      const consumer = consume(queue, cpu);
      await (await consumer.next(soon()))!.done();
      const own = trialJob(numericsQueue('tensor/1/backend=cpu'));
      await queue.enqueue([own]);
      await sleep(100);
      const next = await consumer.next(soon());
      expect(next?.jobId).toBe(own.jobId);
      await next!.done();
      await takeAll(consumer);
    });

    test("keeps one numerics id's trials from workers of another", async () => {
      const queue = await open();
      const job = trialJob(numericsQueue('tensor/1/backend=node-gpu'));
      await queue.enqueue([job]);
      expect(await takeAll(consume(queue, cpu))).toEqual([]);
      expect((await takeAll(consume(queue, gpu))).map(({ jobId }) => jobId)).toEqual([job.jobId]);
    });

    test('gives each job to one of many slots, and each slot one job at a time', async () => {
      const queue = await open();
      const jobs = Array.from({ length: 40 }, () => trialJob(freshTrialQueue));
      const consumers = [consume(queue, cpu), consume(await open(), cpu), consume(await open(), gpu)];
      await queue.enqueue(jobs);
      const first = await Promise.all(consumers.map((consumer) => consumer.next(soon())));
      expect(new Set(first.map((job) => job?.jobId)).size).toBe(3);
      const { waiting, active } = (await queue.counts()).find((count) => count.queue === freshTrialQueue)!;
      expect({ waiting, active }).toEqual({ waiting: 37, active: 3 });
      await Promise.all(first.map((job) => job!.done()));
      const rest = await Promise.all(consumers.map(takeAll));
      const all = [...first, ...rest.flat()].map((job) => job!.jobId);
      expect(all.sort()).toEqual(jobs.map(({ jobId }) => jobId).sort());
    });

    test('wakes an idle slot within a second', async () => {
      const queue = await open();
      const waiting = consume(queue, cpu).next(AbortSignal.timeout(10_000));
      await sleep(1500);
      const sent = performance.now();
      await queue.enqueue([trialJob(freshTrialQueue)]);
      const job = await waiting;
      expect(performance.now() - sent).toBeLessThan(1000);
      await job!.done();
    });

    test('gives a job in hand to another slot where its taker goes silent', async () => {
      const queue = await open();
      const job = trialJob(freshTrialQueue);
      await queue.enqueue([job]);
      const taken = await consume(queue, cpu).next(soon());
      expect(taken?.jobId).toBe(job.jobId);
      const started = performance.now();
      const again = await consume(await open(), cpu).next(AbortSignal.timeout(15_000));
      expect(again?.jobId).toBe(job.jobId);
      expect(performance.now() - started).toBeLessThan(8000);
      // The silent taker wakes up: it must not take the job out of the other's hand.
      await taken!.done();
      expect(await queue.missing([job])).toEqual([]);
      await again!.done();
      expect(await queue.missing([job])).toEqual([job]);
    });

    test('names the jobs that it does not hold, waiting or in hand', async () => {
      const queue = await open();
      const [waiting, inHand, unknown, elsewhere] = [
        trialJob(freshTrialQueue),
        trialJob(freshTrialQueue),
        trialJob(freshTrialQueue),
        trialJob(numericsQueue('tensor/1/backend=node-gpu')),
      ];
      await queue.enqueue([inHand!, waiting!, elsewhere!]);
      const consumer = consume(queue, cpu);
      const taken = await consumer.next(soon());
      expect(taken?.jobId).toBe(inHand!.jobId);
      const misplaced = { ...elsewhere!, queue: freshTrialQueue };
      expect(await queue.missing([waiting!, inHand!, unknown!, elsewhere!, misplaced])).toEqual([
        unknown,
        misplaced,
      ]);
      expect(await queue.missing([])).toEqual([]);
      await taken!.done();
      await takeAll(consumer);
      await takeAll(consume(queue, gpu));
    });

    test('ends a wait when it is told to', async () => {
      const queue = await open();
      const ended = new AbortController();
      const waiting = consume(queue, cpu).next(ended.signal);
      await sleep(100);
      const aborted = performance.now();
      ended.abort();
      expect(await waiting).toBeNull();
      expect(performance.now() - aborted).toBeLessThan(200);
    });
  });
}

function trialJob(queue: string): Job {
  const trialId = randomUUID();
  return { jobId: `trial-${trialId}-0`, queue, payload: { kind: 'trial', trialId } };
}

const soon = () => AbortSignal.timeout(5000);

/** Takes and ends jobs until none comes for a while. */
async function takeAll(consumer: JobConsumer): Promise<TakenJob[]> {
  const taken: TakenJob[] = [];
  for (;;) {
    const job = await consumer.next(AbortSignal.timeout(800));
    if (job === null) return taken;
    await job.done();
    taken.push(job);
  }
}
