import { describe, expect, it } from 'vitest';
import { golden, runCli } from './run-cli.ts';

describe('bitkiln evaluate', () => {
  it.each([
    ['published-model.json', 'test', [], 9915],
    ['published-model.json', 'validation', [], 9911],
    ['published-model.json', 'test', ['--engine', 'fake-quantized', '--logit-bits', '8'], 9913],
    ['published-model.json', 'validation', ['--engine', 'fake-quantized', '--logit-bits', '8'], 9909],
    ['published-quantized-model.h5', 'test', ['--engine', 'integer', '--logit-bits', '16'], 9915],
    ['published-quantized-model.h5', 'validation', [], 9911],
    ['published-quantized-model.h5', 'validation', ['--engine', 'fake-quantized'], 9909],
    ['published-float-model.h5', 'validation', ['--engine', 'float'], 9916],
    ['published-float-model.h5', 'test', ['--engine', 'float'], 9899],
  ])('gives the published count for %s on %s images %j', async (file, split, options, correct) => {
    const { code, stdout } = await runCli('evaluate', golden(file), '--split', split, ...options, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ correct, total: 10_000, split });
  });

  it.each([
    [[golden('storage.json')], 'format'],
    [[golden('published-model.json'), '--logit-bits', '12'], 'logitBits is 12; expected 16 or 8'],
    [[golden('published-model.json'), '--network', 'S(10)'], '--network is "S(10)@w4b8a8"; expected'],
    [
      [golden('published-quantized-model.h5'), '--network', 'A(2,4) C(4,3x3) S(10)'],
      'published-quantized-model.h5:',
    ],
    [[golden('published-model.json'), '--dataset', 'imagenet'], 'imagenet'],
    [['/nowhere.h5'], 'no such file: /nowhere.h5'],
  ])('exits 2 with a clear line for %j', async (args, message) => {
    const { code, stdout, stderr } = await runCli('evaluate', ...args);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});
