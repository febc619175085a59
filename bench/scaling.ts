import { createTrainer } from '@bitkiln/trainer';
import { trainingMacs } from '../packages/trainer/src/kiln/plan/work.ts';
import { publishedTrial } from './scaling/published-trial.ts';
import { trialsAtOnce } from './scaling/trials-at-once.ts';
import { measureMultiplyAddPeak } from './trainer/multiply-add-peak.ts';
import { networks, programOf, stageLabels } from './trainer/networks.ts';
import { samplesPerSecond } from './trainer/rate.ts';

/**
 * How kiln's rate changes with trials at once, images and channels, and what a whole trial of the published size takes
 * (float stage).
 * Usage: npm run bench:scaling [-- --json] [-- --quick]
 */
const quick = process.argv.includes('--quick');
const rows: object[] = [];
const peak = measureMultiplyAddPeak();
const trainer = await createTrainer({ trainer: 'kiln' });

function report(label: string, network: string, threads: number, rate: number, note: string): void {
  const gflops = (2 * trainingMacs(programOf(network), 'float') * rate) / 1e9;
  const peakShare = gflops / peak / threads;
  const share = `${(100 * peakShare).toFixed(0)}% of peak`;
  console.log(
    `${label.padEnd(22)} ${`${Math.round(rate)}/s`.padStart(10)} ${gflops.toFixed(1)} GFLOP/s, ${share}  ${note}`,
  );
  rows.push({
    trainer: 'kiln',
    simd: 'plain',
    network,
    stage: stageLabels.float,
    threads,
    samplesPerSecond: Math.round(rate),
    gflops: Number(gflops.toFixed(2)),
    peakShare: Number(peakShare.toFixed(3)),
  });
}

console.log(`multiply-add peak of one core, plain wasm SIMD: ${peak.toFixed(1)} GFLOP/s\n`);
console.log(`trials at once: ${networks.reference}`);
const { one, two, host } = await trialsAtOnce(quick ? 30 : 150);
report('1 trial', networks.reference, 1, one, '');
report(
  '2 trials',
  networks.reference,
  2,
  two,
  `${(two / one).toFixed(2)} times one trial; two threads that only count: ${host.toFixed(2)} times one`,
);

console.log(`\nimages: ${networks.reference}`);
let first: number | undefined;
for (const thousands of quick ? [10, 50] : [10, 50, 200]) {
  const program = programOf(networks.reference);
  const batches = Math.round((thousands * 1000) / 1024);
  const rate = await samplesPerSecond(trainer, program, 'float', { batches, slices: quick ? 2 : 5 });
  first ??= rate;
  const note = `an epoch takes ${((batches * 1024) / rate).toFixed(2)} s; ${(rate / first).toFixed(2)} times the first rate`;
  report(`${thousands},000 images`, networks.reference, 1, rate, note);
}

console.log('\nchannels: A(2,4) C(c,3x3) C(c,3x3) C(c,3x3) M(2) S(10)');
for (const channels of [3, 5, 8, 11, 16, 24, 32]) {
  const layer = `C(${channels},3x3)`;
  const network = `A(2,4) ${layer} ${layer} ${layer} M(2) S(10)`;
  const rate = await samplesPerSecond(trainer, programOf(network), 'float', {
    batches: 1,
    slices: quick ? 12 : 60,
  });
  report(`${channels} channels`, network, 1, rate, '');
}

if (!quick) {
  console.log(`\na trial of the published size: ${networks.reference}`);
  const { seconds, rate } = await publishedTrial(trainer);
  report('50 x 200,000 images', networks.reference, 1, rate, `from start to end ${seconds.toFixed(0)} s`);
}
trainer.dispose();
if (process.argv.includes('--json')) console.log(JSON.stringify({ rows }));
