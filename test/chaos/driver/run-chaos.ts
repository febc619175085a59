import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { experimentBodies } from './experiments.ts';
import type { InjectedFault } from './inject.ts';
import { startPostgresServer } from './postgres-server.ts';
import { runChecker } from './run-checker.ts';
import { runPhase } from './run-phase.ts';
import { writeSampleDataset } from './sample-dataset.ts';
import { type FaultKind, faultKinds, planFaults, type QueueKind } from './schedule.ts';

export interface ChaosOptions {
  /** Of faults, shared by the queues. */
  readonly minutes: number;
  readonly seed: number;
  readonly perMinute: number;
  readonly queues: readonly QueueKind[];
  readonly workers: number;
  /** Different experiments, each of which also runs undisturbed. */
  readonly bodies: number;
  readonly settleMs: number;
  /** Keeps databases' contents, logs and submissions for a look. */
  readonly keep: boolean;
  readonly say: (line: string) => void;
}

/** What came of a run; the counts are the checker's. */
export interface ChaosReport {
  readonly seed: number;
  readonly faults: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly staleWrites: number;
  readonly winnerBytesEqual: boolean;
  readonly faultsByKind: Readonly<Partial<Record<FaultKind, number>>>;
  /** Faults that hit something while it trained or committed. */
  readonly faultsWhileBusy: number;
  readonly faultsPerMinute: number;
  readonly experiments: number;
  readonly trials: number;
  readonly epochs: number;
  readonly attempts: number;
  readonly staleAttemptsRefused: number;
  readonly problems: readonly string[];
}

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, say, queues } = options;
  const root = await mkdtemp(join(tmpdir(), 'bitkiln-chaos-'));
  const datasets = join(root, 'datasets');
  await writeSampleDataset(datasets);
  await mkdir(join(root, 'postgres'));
  const postgres = await startPostgresServer(join(root, 'postgres'));
  const bodies = experimentBodies(seed, options.bodies);
  const shared = { postgres, workers: options.workers, datasets, bodies, settleMs: options.settleMs, say };
  const results: { faults: readonly InjectedFault[]; check: Awaited<ReturnType<typeof runChecker>> }[] = [];
  const minutes = options.minutes / queues.length;
  try {
    const undisturbedUrl = await postgres.createDatabase('undisturbed');
    say(`undisturbed: ${bodies.length} experiments`);
    const calm = { queue: 'postgres', faults: [], underWay: 0 } as const;
    await runPhase({ ...shared, ...calm, databaseUrl: undisturbedUrl, folder: join(root, 'undisturbed') });
    for (const queue of queues) {
      const databaseUrl = await postgres.createDatabase(`chaos_${queue}`);
      const folder = join(root, queue);
      const faults = planFaults(seed, queue, {
        minutes,
        perMinute: options.perMinute,
        slots: options.workers,
      });
      say(`queue on ${queue}: ${faults.length} faults in ${minutes} minutes`);
      const phase = await runPhase({ ...shared, queue, databaseUrl, folder, faults, underWay: 3 });
      const check = await runChecker(databaseUrl, undisturbedUrl, folder);
      say(`  ${phase.faults.length} came; ${JSON.stringify({ ...check.findings, problems: undefined })}`);
      results.push({ faults: phase.faults, check });
    }
  } finally {
    await postgres.stop();
    if (options.keep) say(`kept in ${root}`);
    else await rm(root, { recursive: true, force: true });
  }
  return summarize(options, results);
}

function summarize(
  { seed, minutes }: ChaosOptions,
  results: readonly {
    readonly faults: readonly InjectedFault[];
    readonly check: Awaited<ReturnType<typeof runChecker>>;
  }[],
): ChaosReport {
  const faults = results.flatMap((result) => result.faults);
  const findings = results.map(({ check }) => check.findings);
  const sum = (count: (finding: (typeof findings)[number]) => number) =>
    findings.reduce((total, finding) => total + count(finding), 0);
  const byKind = faultKinds.map(
    (kind) => [kind, faults.filter((fault) => fault.kind === kind).length] as const,
  );
  return {
    seed,
    faults: faults.length,
    lost: sum(({ lost }) => lost),
    duplicated: sum(({ duplicated }) => duplicated),
    staleWrites: sum(({ staleWrites }) => staleWrites),
    winnerBytesEqual: findings.every(({ winnerBytesEqual }) => winnerBytesEqual),
    faultsByKind: Object.fromEntries(byKind.filter(([, count]) => count > 0)),
    faultsWhileBusy: faults.filter(({ busy }) => busy).length,
    faultsPerMinute: Math.round((10 * faults.length) / minutes) / 10,
    experiments: sum(({ experiments }) => experiments),
    trials: sum(({ trials }) => trials),
    epochs: sum(({ epochs }) => epochs),
    attempts: sum(({ attempts }) => attempts),
    staleAttemptsRefused: sum(({ staleAttemptsRefused }) => staleAttemptsRefused),
    problems: findings.flatMap(({ problems }) => problems),
  };
}
