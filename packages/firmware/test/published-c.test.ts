import { type Strategy, storageTotals } from '@bitkiln/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeC } from '../src/c/source.ts';
import { plainMemory } from '../src/c/unit.ts';
import { exportC99 } from '../src/c99/c99.ts';
import { planMemory } from '../src/plan/plan-memory.ts';
import { harness, type Named } from './support/harness.ts';
import { compile, run, temporaryFolder, writeFiles } from './support/host.ts';
import {
  engineLogits,
  publishedCorrect,
  publishedModel,
  publishedProgram,
  testImages,
  testLabels,
} from './support/published.ts';

const count = 10_000;
const bytesPerImage = 21;
const strategies = ['herringbone', 'transpose', 'normal', 'naive'] as const;
const promised = { herringbone: 434.5, transpose: 437.5, normal: 467.5, naive: 760 };

let expected: Int32Array;
beforeAll(() => {
  expected = engineLogits(count);
});

/** A folder with the network's C and a program around it. */
function prepare(strategy: Strategy, images: number, streamed = false): string {
  const folder = temporaryFolder();
  const plan = planMemory(publishedModel.program, strategy);
  const source = writeC(publishedProgram, plan, { name: 'net', memory: plainMemory });
  const named: Named = { name: 'net', source, images, streamed };
  writeFiles(folder, { 'net.h': source.header, 'net.c': source.source, 'main.c': harness([named]) });
  return folder;
}

function build(folder: string, compiler: 'gcc' | 'clang', flags: readonly string[]): Promise<string> {
  return compile(folder, compiler, ['main.c', 'net.c'], ['-DNET_BUFFER=net_arena', ...flags]);
}

/** Images whose class and logits are the engine's, images whose class is the label, and changed canary bytes. */
function compare(output: Buffer, images: number) {
  let [same, correct] = [0, 0];
  for (let i = 0; i < images; i++) {
    const at = i * bytesPerImage;
    const logits = Array.from({ length: 10 }, (_, unit) => output.readInt16LE(at + 1 + 2 * unit));
    const equal = logits.every((logit, unit) => logit === expected[i * 10 + unit]);
    if (equal && output[at] === logits.indexOf(Math.max(...logits))) same++;
    if (output[at] === testLabels[i]) correct++;
  }
  return { length: output.length, same, correct, canary: output[images * bytesPerImage] };
}

describe('the published model as C', () => {
  test.each(strategies)(
    "%s: the engine's logits on 10,000 images, in the promised bytes",
    async (strategy) => {
      const { layers, input } = publishedModel.program;
      expect(storageTotals(layers, input, strategy).activationBytes).toBe(promised[strategy]);
      expect(planMemory(publishedModel.program, strategy).bufferBytes).toBe(Math.ceil(promised[strategy]));
      const folder = prepare(strategy, count);
      const { code, output } = await run(await build(folder, 'clang', ['-DCANARY']), [], testImages);
      expect(code).toBe(0);
      expect(compare(output, count)).toEqual({
        length: count * bytesPerImage + 1,
        same: count,
        correct: publishedCorrect,
        canary: 0,
      });
    },
  );

  test('row by row under both sanitizers, with nothing behind the buffer', async () => {
    const folder = prepare('herringbone', 1000, true);
    const { code, output, errors } = await run(await build(folder, 'gcc', []), [], testImages);
    expect(errors).toBe('');
    expect(code).toBe(0);
    expect(compare(output, 1000)).toMatchObject({ same: 1000, canary: 0 });
  });

  test.each(strategies)('%s: one byte less is overrun', async (strategy) => {
    const less = Math.ceil(promised[strategy]) - 1;
    const folder = prepare(strategy, 20);
    const flags = [`-DNET_BUFFER_BYTES=${less}`];
    const canary = await run(await build(folder, 'clang', ['-DCANARY', ...flags]), [], testImages);
    expect(compare(canary.output, 20).canary).toBe(1);
    const sanitized = await run(await build(folder, 'gcc', flags), [], testImages);
    expect(sanitized.code).not.toBe(0);
    expect(sanitized.errors).toMatch(/AddressSanitizer: global-buffer-overflow/);
  });

  test('the example prints the class and the logits, with the buffer where the source puts it', async () => {
    const folder = temporaryFolder();
    const { 'examples/classify.c': example, ...files } = exportC99(publishedModel, 'herringbone');
    writeFiles(folder, { ...files, 'classify.c': example! });
    const program = await compile(folder, 'gcc', ['classify.c', 'bitkiln.c']);
    const { code, output } = await run(program, [], testImages.subarray(0, 784));
    expect({ code, output: output.toString() }).toEqual({
      code: 0,
      output: `7\n${[...expected.subarray(0, 10)].join(' ')}\n`,
    });
    const short = await run(program, [], testImages.subarray(0, 700));
    expect({ code: short.code, errors: short.errors }).toEqual({
      code: 1,
      errors: 'the image ends in row 25\n',
    });
  });
});
