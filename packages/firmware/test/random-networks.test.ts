import { createIntegerEngine, elements, printNetwork, type Strategy, strategies } from '@bitkiln/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { writeC } from '../src/c/source.ts';
import { plainMemory } from '../src/c/unit.ts';
import { planMemory } from '../src/plan/plan-memory.ts';
import { type RandomModel, randomModel } from './support/arbitrary-model.ts';
import { harness, type Named } from './support/harness.ts';
import { compile, run, temporaryFolder, writeFiles } from './support/host.ts';

const seed = 20_261_124;
const networks = 240;
const perProgram = 40;
const imagesEach = 4;

/** Bytes 0 and 255 among others, the same ones in every run. */
function imagesOf(size: number, start: number): Uint8Array {
  let state = start;
  return Uint8Array.from({ length: size * imagesEach }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const byte = state >>> 22;
    return byte > 767 ? 0 : byte > 511 ? 255 : byte & 255;
  });
}

interface Prepared {
  readonly named: Named;
  readonly images: Uint8Array;
  readonly expected: Buffer;
}

function prepare({ model, program, strategy }: RandomModel, index: number): Prepared {
  const name = `net${index}`;
  const source = writeC(program, planMemory(model.program, strategy), {
    name,
    memory: plainMemory,
  });
  const size = elements(program.input);
  const images = imagesOf(size, index);
  const engine = createIntegerEngine(program);
  const classes = program.output.channels;
  const expected = Buffer.alloc(imagesEach * (1 + 2 * classes) + 1);
  for (let i = 0, at = 0; i < imagesEach; i++) {
    const logits = [...engine.logits(images.subarray(i * size, (i + 1) * size))];
    at = expected.writeUInt8(logits.indexOf(Math.max(...logits)), at);
    for (const logit of logits) at = expected.writeInt16LE(logit, at);
  }
  return { named: { name, source, images: imagesEach, streamed: index % 2 === 1 }, images, expected };
}

const models = fc.sample(randomModel, { numRuns: networks, seed });

async function mismatches(
  first: number,
  compiler: 'gcc' | 'clang',
  flags: readonly string[],
): Promise<string[]> {
  const batch = models.slice(first, first + perProgram);
  const prepared = batch.map((model, i) => prepare(model, first + i));
  const folder = temporaryFolder();
  for (const { named } of prepared) {
    writeFiles(folder, {
      [`${named.name}.h`]: named.source.header,
      [`${named.name}.c`]: named.source.source,
    });
  }
  writeFiles(folder, { 'main.c': harness(prepared.map(({ named }) => named)) });
  const buffers = prepared.map(({ named: { name } }) => `-D${name.toUpperCase()}_BUFFER=${name}_arena`);
  const sources = ['main.c', ...prepared.map(({ named }) => `${named.name}.c`)];
  const program = await compile(folder, compiler, sources, [...flags, ...buffers]);
  const input = Buffer.concat(prepared.map(({ images }) => images));
  const { code, output, errors } = await run(program, [], input);
  if (code !== 0) throw new Error(`code ${code}: ${errors}`);
  let at = 0;
  return prepared.flatMap(({ expected }, i) => {
    const made = output.subarray(at, at + expected.length);
    at += expected.length;
    const { model, strategy } = batch[i]!;
    return made.equals(expected) ? [] : [`${printNetwork(model.program.layers)} ${strategy}`];
  });
}

const firsts = Array.from({ length: networks / perProgram }, (_, i) => i * perProgram);

test('the networks hold every layer code 20 times and every strategy 40 times', () => {
  const byCode = new Map<string, number>();
  const byStrategy = new Map<Strategy, number>();
  for (const { model, strategy } of models) {
    const found = new Set(model.program.layers.map(({ code }) => code));
    for (const code of found) byCode.set(code, (byCode.get(code) ?? 0) + 1);
    byStrategy.set(strategy, (byStrategy.get(strategy) ?? 0) + 1);
  }
  const print = (counts: ReadonlyMap<string, number>): string =>
    [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
  console.log(
    `${models.length} random networks, ${imagesEach} images each: ${print(byCode)}; ${print(byStrategy)}`,
  );
  const all = ['A', 'C', 'CN', 'T', 'DSC', 'R', 'M', 'F', 'S', 'D', 'N', 'Q'];
  for (const code of all) expect(byCode.get(code), code).toBeGreaterThanOrEqual(20);
  for (const strategy of strategies) expect(byStrategy.get(strategy), strategy).toBeGreaterThanOrEqual(40);
});

test.each(firsts)(
  "networks from %i on: the engine's logits, nothing behind the buffer (sanitizers)",
  async (first) => {
    expect(await mismatches(first, 'gcc', [])).toEqual([]);
  },
);

test.each(firsts.filter((_, i) => i % 3 === 0))(
  "networks from %i on: the engine's logits, the canary unchanged",
  async (first) => {
    expect(await mismatches(first, 'clang', ['-DCANARY'])).toEqual([]);
  },
);
