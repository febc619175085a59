import { describe, expect, it } from 'vitest';
import { reference, runCli } from './run-cli.ts';

describe('bitkiln explain', () => {
  it('gives shapes and multiply-adds of the reference network', async () => {
    const { code, stdout } = await runCli('explain', reference, '--json');
    expect(code).toBe(0);
    const { ops, evaluationMacs, parameters } = JSON.parse(stdout);
    expect(parameters).toBe(3003);
    expect(ops.map(({ output }: { output: string }) => output)).toEqual([
      '14x14x1',
      '12x12x5',
      '10x10x8',
      '8x8x11',
      '4x4x11',
      '4x4x11',
      '1x1x10',
    ]);
    // 144 x 45, 100 x 360, 64 x 792 and 1760: one multiply-add a tap.
    expect(evaluationMacs).toBe(6480 + 36_000 + 50_688 + 1760);
  });

  it('names the layer that does not fit', async () => {
    const { code, stderr } = await runCli('explain', 'A(2,4) C(5,15x15) S(10)');
    expect(code).toBe(2);
    expect(stderr).toContain('layer 2, C: kernel 15x15 does not fit the 14x14 input');
  });
});
