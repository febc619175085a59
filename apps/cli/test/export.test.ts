import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { golden, runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'bitkiln-export-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const json = golden('published-model.json');
const h5 = golden('published-quantized-model.h5');

describe('bitkiln export', () => {
  it.each([
    ['c99', ['bitkiln.c', 'bitkiln.h', 'examples']],
    ['avr', ['Makefile', 'bitkiln.c', 'bitkiln.h', 'main.c']],
    ['keras', ['model.h5']],
    ['onnx', ['model.onnx']],
    ['json', ['model.json']],
  ])('writes %s from the published JSON and .h5 alike', async (target, names) => {
    const [fromJson, fromH5] = [join(folder, target, 'json'), join(folder, target, 'h5')];
    for (const [model, output] of [
      [json, fromJson],
      [h5, fromH5],
    ] as const) {
      const { code, stderr } = await runCli('export', model, '--target', target, '-o', output);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(readdirSync(output).sort()).toEqual(names);
    }
    // The float weights of a Keras file are the model's own; all else holds the integers, which are the same.
    if (target === 'keras') return;
    for (const name of names.filter((each) => each.includes('.'))) {
      expect(readFileSync(join(fromH5, name)).equals(readFileSync(join(fromJson, name))), name).toBe(true);
    }
  });

  it('goes on from what it wrote: keras and json give the same C', async () => {
    const sources = [json, join(folder, 'keras/h5/model.h5'), join(folder, 'json/json/model.json')];
    const made = await Promise.all(
      sources.map(async (source, i) => {
        const output = join(folder, `again-${i}`);
        await runCli('export', source, '--target', 'c99', '-o', output);
        return readFileSync(join(output, 'bitkiln.c'), 'utf8');
      }),
    );
    expect(made[1]).toBe(made[0]);
    expect(made[2]).toBe(made[0]);
  });

  it('says what the network takes', async () => {
    const { stdout } = await runCli('export', json, '--target', 'c99', '-o', join(folder, 'said'));
    expect(stdout).toContain(
      'herringbone: 1512.5 bytes of weights, one buffer of 435 bytes, as the storage model says',
    );
    const normal = await runCli(
      'export',
      json,
      '--target',
      'avr',
      '--strategy',
      'normal',
      '-o',
      join(folder, 'n'),
    );
    expect(normal.stdout).toContain('one buffer of 468 bytes');
  });

  it.each([
    [['--target', 'c99', '--weights', 'ram'], '--weights is for avr, not for c99'],
    [['--target', 'onnx', '--strategy', 'normal'], '--strategy is for c99 and avr, not for onnx'],
    [['--target', 'wasm'], 'Allowed choices are c99, avr, keras, onnx, json'],
    [[], "required option '--target <name>'"],
    [
      ['--target', 'avr', '--strategy', 'naive'],
      'RAM with the weights in ram is 2273; expected at most 2000',
    ],
  ])('exits 2 with one clear line for %j', async (args, message) => {
    const output = join(folder, 'refused');
    const { code, stderr } = await runCli('export', json, ...args, '-o', output);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(existsSync(output)).toBe(false);
  });

  it('refuses a float model for integers, and names the stage', async () => {
    const float = golden('published-float-model.h5');
    const { code, stderr } = await runCli('export', float, '--target', 'c99', '-o', join(folder, 'float'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/stage is "float"; expected a quantized stage: c99 holds integers/);
  });
});
