import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { golden, reference, runCli } from './run-cli.ts';

describe('bitkiln storage', () => {
  it('prints the reference network as one JSON line', async () => {
    const { code, stdout } = await runCli('storage', reference, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ weightBytes: 1512.5, activationBytes: 434.5, totalBytes: 1947 });
  });

  it('reproduces the golden figures of all pairs in their order', async () => {
    const file = golden('storage.json');
    const pairs = JSON.parse(readFileSync(file, 'utf8')) as {
      weightBytes: number;
      activationBytes: number;
    }[];
    const { code, stdout } = await runCli('storage', '--file', file, '--json');
    expect(code).toBe(0);
    const results = JSON.parse(stdout) as { weightBytes: number; activationBytes: number }[];
    expect(results).toHaveLength(236);
    expect(results.map(({ weightBytes, activationBytes }) => [weightBytes, activationBytes])).toEqual(
      pairs.map(({ weightBytes, activationBytes }) => [weightBytes, activationBytes]),
    );
  });

  it('marks the layer at the peak for people', async () => {
    const { stdout } = await runCli('storage', reference);
    expect(stdout).toMatch(/C\(8,3x3\)@w4b8a4 +10x10x8 +188 +434\.5 +<- peak/);
  });

  it.each([
    // R holds two lines and three pixels of five channels beside its map: (2 * 14 + 3) * 5 / 2 + 490 bytes.
    ['A(2,4) C(5,1x1) R() S(10)', 512, 567.5],
    // 14 * 14 / 2 bytes of input, and 19 logits of two bytes: the last one lies where the input was.
    ['A(2,4) S(20)', 126, 136],
  ])('says what the device takes where the model promises too little: %s', async (network, model, device) => {
    const { stdout } = await runCli('storage', network, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ activationBytes: model, deviceActivationBytes: device });
    expect((await runCli('storage', network)).stdout).toContain(
      `on the device, ${device} bytes of activations: generated code takes more than the model says`,
    );
  });

  it.each([
    [['storage'], 'storage takes a network or --file'],
    [['storage', 'C(5,3x'], 'C(5,3x'],
    [['storage', 'Z(5)'], 'layer 1: code is "Z"; expected one of A, C'],
    [
      ['storage', reference, '--strategy', 'spiral'],
      'Allowed choices are naive, normal, transpose, herringbone',
    ],
    [['storage', reference, '--input', '28'], 'Expected rows x columns x channels such as 28x28x1'],
    [['storage', '--file', '/nowhere.json'], 'no such file: /nowhere.json'],
    [['storage', reference, '--bogus'], "unknown option '--bogus'"],
    [['bake'], "unknown command 'bake'"],
  ])('exits 2 with one clear line for %j', async (args, message) => {
    const { code, stdout, stderr } = await runCli(...args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
  });
});
