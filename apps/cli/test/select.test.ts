import { describe, expect, it } from 'vitest';
import { golden, runCli } from './run-cli.ts';

const outcomes = golden('protocol-outcomes.json');

describe('bitkiln select', () => {
  it.each([
    ['float', 16],
    ['quantized-moving-scales', 7],
    ['quantized-frozen-scales', 7],
  ])('picks greedily in stage %s', async (stage, index) => {
    const { code, stdout } = await runCli('select', outcomes, '--stage', stage, '--rule', 'greedy', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ index, weight: null, scores: null });
  });

  it('chooses the published winner by the z-score rule', async () => {
    const { stdout } = await runCli('select', outcomes, '--stage', 'quantized-frozen-scales', '--json');
    const choice = JSON.parse(stdout) as { index: number; weight: number; scores: number[] };
    expect(choice.index).toBe(0);
    expect(choice.weight).toBeCloseTo(0.3189, 4);
    expect(choice.scores).toHaveLength(10);
    expect(Math.max(...choice.scores)).toBe(choice.scores[0]);
  });

  it('asks for the stage and names the choices', async () => {
    const { code, stderr } = await runCli('select', outcomes);
    expect(code).toBe(2);
    expect(stderr).toContain(
      'name one with --stage: float, quantized-moving-scales, quantized-frozen-scales',
    );
  });
});
