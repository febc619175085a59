import { expect, test } from 'vitest';
import {
  createTrainer,
  measureSamplesPerSecond,
  type Trainer,
  type TrainerSpec,
  type TrialTask,
  trainerNames,
} from '../src/index.ts';

test('makes the trainer asked for', async () => {
  for (const trainer of trainerNames) {
    const made = await createTrainer({ trainer });
    expect(made.numericsId.trainer).toBe(trainer);
    made.dispose();
  }
  const cpu = await createTrainer({ trainer: 'tensor', backend: 'cpu' });
  expect(cpu.numericsId.options).toBe('backend=cpu');
  cpu.dispose();
});

test.each<[object, string]>([
  [{ trainer: 'torch' }, 'trainer is "torch"; expected one of kiln, tensor'],
  [{ trainer: 'kiln', backend: 'wasm' }, 'backend is "wasm", but trainer kiln has no such option'],
  [{ trainer: 'kiln', device: 0 }, 'device is 0, but trainer kiln has no such option'],
  [{ trainer: 'tensor', relaxed: true }, 'relaxed is true, but trainer tensor has no such option'],
])('refuses %o', async (spec, message) => {
  await expect(createTrainer(spec as TrainerSpec)).rejects.toThrow(message);
});

test('the measured rate is that of the last epoch, over its training images', async () => {
  const trainer = {
    numericsId: { trainer: 'clock', definition: 1, options: '', reproducible: true },
    async *train({ settings }: TrialTask) {
      for (let epoch = 0; epoch < settings.epochs; epoch++) yield { durationMs: epoch === 0 ? 9000 : 2000 };
    },
    dispose() {},
  } as unknown as Trainer;
  expect(await measureSamplesPerSecond(trainer)).toBe((6 * 1024) / 2);
});
