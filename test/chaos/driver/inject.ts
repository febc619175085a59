import { setTimeout as sleep } from 'node:timers/promises';
import type { JobQueue } from '@bitkiln/lifecycle';
import { Redis } from 'ioredis';
import { freshTrialQueue, numericsQueue } from '../../../packages/lifecycle/src/queue-names.ts';
import type { Observer } from './observer.ts';
import type { FaultKind, PlannedFault } from './schedule.ts';
import type { Member, Service } from './service.ts';
import type { Submitter } from './submitter.ts';

/** A fault as it came. */
export interface InjectedFault extends PlannedFault {
  readonly target: string;
  /** Whether what it hit (for a server: anything) had an attempt that trained or committed at that moment. */
  readonly busy: boolean;
}

export interface Surroundings {
  readonly service: Service;
  readonly observer: Observer;
  readonly submitter: Submitter;
  /** The driver's own way to the queue, past the proxies. */
  readonly queue: JobQueue;
  /** Servers that a fault holds down at the moment. */
  readonly down: Set<'postgres' | 'redis' | 'api'>;
}

/** Leases last 3 s, and the reconciler takes a moment more. */
const pastLeaseMs = { least: 4500, most: 6500 } as const;

/** A fault waits so long for something worth hitting. */
const patienceMs = 3000;

const between = (least: number, most: number, strength: number) => least + (most - least) * strength;

type Injector = (around: Surroundings, fault: PlannedFault) => Promise<InjectedFault | null>;

const trialMarkers = {
  epoch: 'INSERT INTO epochs',
  completion: `UPDATE trials SET state = 'succeeded'`,
} as const;

const injectors: Readonly<Record<FaultKind, Injector>> = {
  'worker-kill': onWorker(async (worker) => {
    worker.process.signal('SIGKILL');
    await sleep(500);
  }),
  'worker-pause': onWorker(async (worker, { strength }) => {
    worker.process.signal('SIGSTOP');
    await sleep(between(pastLeaseMs.least, pastLeaseMs.most, strength));
    worker.process.signal('SIGCONT');
  }),
  'worker-drain': onWorker(async (worker) => {
    worker.process.signal('SIGTERM');
    await sleep(1000);
  }),
  'database-cut': onWorker((worker, { strength }) => worker.database.cut(between(50, 3500, strength))),
  'database-cut-at-commit': onWorker((worker, { strength }) => {
    const marker = strength < 0.5 ? trialMarkers.epoch : trialMarkers.completion;
    return worker.database.atCommit(marker, () => undefined, 10_000);
  }),
  'database-delay': onWorker((worker, { strength }) =>
    worker.database.delay(between(20, 400, strength), between(1000, 4000, strength)),
  ),
  'database-half-open': onWorker(async (worker) => worker.database.halfOpen()),
  'redis-cut': onWorker((worker, { strength }) => worker.redis!.cut(between(50, 3500, strength))),
  'redis-delay': onWorker((worker, { strength }) =>
    worker.redis!.delay(between(20, 400, strength), between(1000, 4000, strength)),
  ),
  'redis-half-open': onWorker(async (worker) => worker.redis!.halfOpen()),
  'postgres-restart': onServer('postgres', ({ service }, { strength }) =>
    service.postgres.crash(between(0, 2000, strength)),
  ),
  'redis-flush': onServer('redis', async ({ service }) => {
    const redis = new Redis(service.redis!.url, { maxRetriesPerRequest: 3 });
    redis.on('error', () => undefined);
    await redis.flushall().finally(() => redis.disconnect());
  }),
  'redis-kill': onServer('redis', async ({ service }, { strength }) => {
    await service.redis!.kill();
    await sleep(between(0, 2000, strength));
    await service.redis!.start();
  }),
  'duplicate-jobs': async ({ queue, observer, service }, fault) => {
    const busy = await untilBusy(observer);
    const ids = await observer.trialIds(30);
    const queues = [freshTrialQueue, numericsQueue('kiln/1/simd=plain')];
    const jobs = ids.flatMap((trialId, i) =>
      queues.map((name) => ({
        jobId: `again-${fault.atMs}-${i}`,
        queue: name,
        payload: { kind: 'trial', trialId } as const,
      })),
    );
    const sent = await queue.enqueue(jobs).then(
      () => true,
      () => false,
    );
    return sent && jobs.length > 0 ? { ...fault, target: `queue on ${service.queue}`, busy } : null;
  },
  'api-kill-after-commit': async ({ service: { api }, observer, submitter, down }, fault) => {
    if (down.has('api')) return null;
    down.add('api');
    try {
      let busy = false;
      const kill = () => {
        api.process.signal('SIGKILL');
      };
      const sprung = api.database.atCommit('INSERT INTO experiments', kill, 15_000);
      void submitter.submit();
      busy = await untilBusy(observer);
      return (await sprung) ? { ...fault, target: 'api', busy } : null;
    } finally {
      down.delete('api');
    }
  },
};

/** Lets one planned fault come; null where there was nothing to hit. */
export function inject(around: Surroundings, fault: PlannedFault): Promise<InjectedFault | null> {
  return injectors[fault.kind](around, fault);
}

/** A fault of one worker, one that is at work if possible; `hurt` may say that it didn't come to it. */
function onWorker(hurt: (worker: Member, fault: PlannedFault) => Promise<unknown>): Injector {
  return async ({ service, observer }, fault) => {
    const found = await findWorker(service.workers, observer, fault.slot);
    if (found === null) return null;
    const { worker, busy } = found;
    worker.process.held = true;
    try {
      if ((await hurt(worker, fault)) === false) return null;
      return { ...fault, target: worker.process.name, busy };
    } finally {
      worker.process.held = false;
    }
  };
}

async function findWorker(workers: readonly Member[], observer: Observer, slot: number) {
  const inTurn = workers.map((_, i) => workers[(slot + i) % workers.length]!);
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await sleep(50)) {
    for (const worker of inTurn) {
      if (worker.process.held) continue;
      if ((await observer.busy(worker.process.pid)) && !worker.process.held) return { worker, busy: true };
    }
  }
  const worker = inTurn.find(({ process: each }) => !each.held);
  return worker === undefined ? null : { worker, busy: false };
}

function onServer(
  server: 'postgres' | 'redis',
  hurt: (around: Surroundings, fault: PlannedFault) => Promise<unknown>,
): Injector {
  return async (around, fault) => {
    const { down, observer } = around;
    for (const deadline = Date.now() + patienceMs; down.has(server); await sleep(50)) {
      if (Date.now() > deadline) return null;
    }
    down.add(server);
    try {
      const busy = await untilBusy(observer);
      await hurt(around, fault);
      return { ...fault, target: server, busy };
    } finally {
      down.delete(server);
    }
  };
}

async function untilBusy(observer: Observer): Promise<boolean> {
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await sleep(50)) {
    if (await observer.busy()) return true;
  }
  return false;
}
