import { type StageName, stageNames } from '@bitkiln/core';
import { createTrainer } from '@bitkiln/trainer';
import { trainingMacs } from '../packages/trainer/src/kiln/plan/work.ts';
import { measureMultiplyAddPeak } from './trainer/multiply-add-peak.ts';
import { networks, programOf, stageLabels } from './trainer/networks.ts';
import { findPyTorch, pyTorchRate } from './trainer/pytorch.ts';
import { samplesPerSecond } from './trainer/rate.ts';

/**
 * Samples a second that one core trains, kiln against the tensor trainer and PyTorch.
 * Usage: npm run bench:trainer [-- --json] [-- --quick]
 */
interface Row {
  readonly trainer: string;
  readonly simd: string;
  readonly network: string;
  readonly stage: string;
  readonly threads: number;
  readonly samplesPerSecond: number;
  readonly gflops: number;
  readonly peakShare: number;
}

const quick = process.argv.includes('--quick');
const rows: Row[] = [];
const torch = findPyTorch();
const peak = measureMultiplyAddPeak();
console.log(`multiply-add peak of this core, plain wasm SIMD: ${peak.toFixed(1)} GFLOP/s`);
console.log(
  torch === null
    ? 'PyTorch: skipped, no Python with torch found (Debian: apt-get install python3-torch)'
    : `PyTorch ${torch.version}, one thread`,
);

for (const [name, network] of Object.entries(networks)) {
  const program = programOf(network);
  const floatRates = new Map<string, number>();
  console.log(`\n${name}: ${network}`);
  for (const stage of stageNames) {
    const macs = trainingMacs(program, stage);
    const ours = await rateOf('kiln', 'plain', stage);
    if (stage === 'float') await rateOf('kiln', 'relaxed', stage, ours);
    await rateOf('tensor', 'wasm', stage, ours);
    if (torch !== null && stage !== 'frozenScales') {
      const rate = pyTorchRate(torch.python, name, stage !== 'float', quick ? 10 : 40);
      report({ trainer: 'pytorch', simd: 'native', stage, rate, macs, baseline: ours });
    }

    async function rateOf(trainer: 'kiln' | 'tensor', simd: string, at: StageName, baseline?: number) {
      const spec = trainer === 'tensor' ? { trainer } : { trainer, relaxed: simd === 'relaxed' };
      const subject = await createTrainer(spec);
      const [batches, slices] = trainer === 'kiln' ? [2, quick ? 20 : 150] : [1, quick ? 3 : 8];
      const rate = await samplesPerSecond(subject, program, at, { batches, slices });
      subject.dispose();
      report({ trainer, simd, stage: at, rate, macs, baseline });
      return rate;
    }
  }

  interface Measured {
    readonly trainer: string;
    readonly simd: string;
    readonly stage: StageName;
    readonly rate: number;
    readonly macs: number;
    readonly baseline: number | undefined;
  }

  function report({ trainer, simd, stage, rate, macs, baseline }: Measured): void {
    const gflops = (2 * macs * rate) / 1e9;
    const variant = `${trainer} ${simd}`;
    const float = floatRates.get(variant);
    if (stage === 'float') floatRates.set(variant, rate);
    const notes = [
      ...(baseline === undefined ? [] : [`kiln plain is ${(baseline / rate).toFixed(2)} times as fast`]),
      ...(float === undefined ? [] : [`${(100 * (1 - rate / float)).toFixed(1)}% below its float rate`]),
    ];
    const columns = [
      variant.padEnd(15),
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
}
if (process.argv.includes('--json')) console.log(JSON.stringify({ rows }));
