import { type StageName, stageNames } from '@bitkiln/core';
import { createTrainer } from '@bitkiln/trainer';
import { trainingMacs } from '../packages/trainer/src/kiln/plan/work.ts';
import { measureMultiplyAddPeak } from './trainer/multiply-add-peak.ts';
import { networks, programOf, stageLabels } from './trainer/networks.ts';
import { findPyTorch, pyTorchRate } from './trainer/pytorch.ts';
import { samplesPerSecond } from './trainer/rate.ts';

/**
 * Samples a second that one core trains, kiln against the tensor trainer and PyTorch. The contenders take turns
 * in several rounds, and the best of each counts: other processes only ever slow a round.
 * Usage: npm run bench:trainer [-- --json] [-- --quick]
 */
interface Contender {
  readonly trainer: 'kiln' | 'tensor' | 'pytorch';
  readonly simd: string;
  readonly stage: StageName;
  readonly measure: () => Promise<number>;
}

const quick = process.argv.includes('--quick');
const rounds = quick ? 1 : 4;
const torch = findPyTorch();
let peak = measureMultiplyAddPeak();
const rows: object[] = [];
console.log(
  torch === null
    ? 'PyTorch: skipped, no Python with torch found (Debian: apt-get install python3-torch)'
    : `PyTorch ${torch.version}, one thread`,
);

for (const [name, network] of Object.entries(networks)) {
  const contenders = contendersOf(name, network);
  const best = contenders.map(() => 0);
  for (let round = 0; round < rounds; round++) {
    peak = Math.max(peak, measureMultiplyAddPeak());
    for (const [i, { measure }] of contenders.entries()) best[i] = Math.max(best[i]!, await measure());
  }
  console.log(`\n${name}: ${network}`);
  for (const [i, contender] of contenders.entries()) report(network, contenders, best, contender, best[i]!);
}
console.log(`\nmultiply-add peak of this core, plain wasm SIMD: ${peak.toFixed(1)} GFLOP/s`);
if (process.argv.includes('--json')) console.log(JSON.stringify({ rows }));

function contendersOf(name: string, network: string): Contender[] {
  const program = programOf(network);
  const ours = (trainer: 'kiln' | 'tensor', simd: string, stage: StageName): Contender => ({
    trainer,
    simd,
    stage,
    async measure() {
      const subject = await createTrainer(
        trainer === 'tensor' ? { trainer } : { trainer, relaxed: simd === 'relaxed' },
      );
      const slices = trainer === 'kiln' ? 60 : 4;
      const rate = await samplesPerSecond(subject, program, stage, { batches: 1, slices });
      subject.dispose();
      return rate;
    },
  });
  const theirs = (stage: StageName): Contender => ({
    trainer: 'pytorch',
    simd: 'native',
    stage,
    measure: async () => pyTorchRate(torch!.python, name, stage !== 'float', 24),
  });
  return stageNames.flatMap((stage) => [
    ours('kiln', 'plain', stage),
    ...(stage === 'float' ? [ours('kiln', 'relaxed', stage)] : []),
    ours('tensor', 'wasm', stage),
    ...(torch !== null && stage !== 'frozenScales' ? [theirs(stage)] : []),
  ]);
}

function report(
  network: string,
  contenders: readonly Contender[],
  best: readonly number[],
  { trainer, simd, stage }: Contender,
  rate: number,
): void {
  const rateOf = (other: string, variant: string, at: StageName) =>
    best[contenders.findIndex((c) => c.trainer === other && c.simd === variant && c.stage === at)]!;
  const gflops = (2 * trainingMacs(programOf(network), stage) * rate) / 1e9;
  const plain = rateOf('kiln', 'plain', stage);
  const notes = [
    ...(rate === plain ? [] : [`kiln plain is ${(plain / rate).toFixed(2)} times as fast`]),
    ...(stage === 'float'
      ? []
      : [`${(100 * (1 - rate / rateOf(trainer, simd, 'float'))).toFixed(1)}% below its float rate`]),
  ];
  const columns = [
    `${trainer} ${simd}`.padEnd(15),
    stageLabels[stage].padEnd(24),
    `${Math.round(rate)}/s`.padStart(10),
    `${gflops.toFixed(1)} GFLOP/s`.padStart(13),
    `${((100 * gflops) / peak).toFixed(0)}% of peak`.padStart(12),
  ];
  console.log(`${columns.join(' ')}  ${notes.join('; ')}`);
  rows.push({
    trainer,
    simd,
    network,
    stage: stageLabels[stage],
    threads: 1,
    samplesPerSecond: Math.round(rate),
    gflops: Number(gflops.toFixed(2)),
    peakShare: Number((gflops / peak).toFixed(3)),
  });
}
