import { appendFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openQueue } from '@bitkiln/lifecycle';
import type { ExperimentBody } from './experiments.ts';
import { type InjectedFault, inject } from './inject.ts';
import { createObserver, type Observer } from './observer.ts';
import type { PostgresServer } from './postgres-server.ts';
import type { PlannedFault, QueueKind } from './schedule.ts';
import { startService } from './service.ts';
import { startSubmitter } from './submitter.ts';

export interface PhaseOptions {
  readonly queue: QueueKind;
  readonly postgres: PostgresServer;
  /** A database of the phase's own. */
  readonly databaseUrl: string;
  readonly workers: number;
  readonly datasets: string;
  /** Gets `logs/`, submissions.jsonl and faults.jsonl. */
  readonly folder: string;
  readonly bodies: readonly ExperimentBody[];
  readonly faults: readonly PlannedFault[];
  /** Experiments kept under way while faults come; else each body is submitted once. */
  readonly underWay: number;
  readonly workerPreloads?: readonly string[];
  /** How long the service gets to finish after the last fault. */
  readonly settleMs: number;
  readonly say: (line: string) => void;
}

export interface PhaseResult {
  readonly faults: readonly InjectedFault[];
  readonly startUpMs: number;
}

/** Runs the service under faults, then lets it finish what it was given. */
export async function runPhase(options: PhaseOptions): Promise<PhaseResult> {
  const { folder, databaseUrl, say } = options;
  const logs = join(folder, 'logs');
  await mkdir(logs, { recursive: true });
  const began = Date.now();
  const observer = createObserver(databaseUrl);
  const service = await startService({ ...options, logs });
  const submitter = startSubmitter({
    apiUrl: service.api.url,
    bodies: options.bodies,
    prefix: options.queue,
    underWay: options.underWay,
    observer,
    file: join(folder, 'submissions.jsonl'),
  });
  if (options.underWay === 0) await Promise.all(options.bodies.map(() => submitter.submit()));
  await untilBusy(observer);
  const redisUrl = service.redis?.url;
  const queue = await openQueue({ databaseUrl, redisUrl });
  const startUpMs = Date.now() - began;

  const around = { service, observer, submitter, queue, down: new Set<never>() };
  const injected: InjectedFault[] = [];
  const started = Date.now();
  const coming = options.faults.map(async (planned) => {
    await sleep(Math.max(0, started + planned.atMs - Date.now()));
    const fault = await inject(around, planned).catch((error: Error) => {
      say(`  ${planned.kind} could not be injected: ${error.message}`);
      return null;
    });
    if (fault === null) return;
    injected.push(fault);
    appendFileSync(join(folder, 'faults.jsonl'), `${JSON.stringify(fault)}\n`);
  });
  await Promise.all(coming);
  const submitted = await submitter.stop();
  const left = await untilFinished(
    observer,
    submitted.map(({ experimentId }) => experimentId),
    options.settleMs,
  );
  if (left > 0) say(`  ${left} experiments are not over after ${options.settleMs / 1000} s`);
  await queue.close();
  await observer.close();
  await service.stop();
  return { faults: injected, startUpMs };
}

async function untilBusy(observer: Observer): Promise<void> {
  for (const deadline = Date.now() + 120_000; !(await observer.busy()); await sleep(100)) {
    if (Date.now() > deadline) throw new Error('no trial has begun two minutes after the start');
  }
}

/** How many are not over when the time is. */
async function untilFinished(observer: Observer, ids: readonly string[], timeoutMs: number): Promise<number> {
  for (const deadline = Date.now() + timeoutMs; ; await sleep(200)) {
    const left = await observer.unfinished(ids);
    if (left.length === 0 || Date.now() > deadline) return left.length;
  }
}
