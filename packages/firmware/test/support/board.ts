import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureTool } from '@bitkiln/infra';
import type { Files } from '../../src/files.ts';
import { run, temporaryFolder, writeFiles } from './host.ts';

const simulator = fileURLToPath(new URL('simulate-avr.c', import.meta.url));

/** Firmware, built by its own Makefile. */
export interface Board {
  readonly elf: string;
  /** .data and .bss. */
  readonly staticBytes: number;
  /** .text and the copy of .data. */
  readonly flashBytes: number;
}

export async function buildBoard(files: Files): Promise<Board> {
  const folder = temporaryFolder();
  writeFiles(folder, files);
  await ensureTool('avr-gcc');
  const made = await run(await ensureTool('make'), ['MORE=-Werror', 'bitkiln.hex'], undefined, folder);
  if (made.code !== 0) throw new Error(made.errors);
  const elf = join(folder, 'bitkiln.elf');
  const sizes = (await run('avr-size', [elf])).output
    .toString()
    .split('\n')[1]!
    .trim()
    .split(/\s+/)
    .map(Number);
  const [text, data, bss] = sizes as [number, number, number];
  return { elf, staticBytes: data + bss, flashBytes: text + data };
}

let built: Promise<string> | undefined;

/** The simulator's host program, built once. */
function buildSimulator(): Promise<string> {
  built ??= (async () => {
    await ensureTool('simavr');
    const program = join(temporaryFolder(), 'simulate');
    const { code, errors } = await run(await ensureTool('gcc'), [
      '-O2',
      simulator,
      '-lsimavr',
      '-o',
      program,
    ]);
    if (code !== 0) throw new Error(errors);
    return program;
  })();
  return built;
}

export interface BoardRun {
  /** For each image the class, and the logits in 16 bits with the low byte first. */
  readonly replies: Buffer;
  /** Cycles that the network runs for all images, waiting for bytes left out, and for the slowest. */
  readonly cycles: number;
  readonly mostCycles: number;
  /** The deepest stack in bytes. */
  readonly stackBytes: number;
}

/** Runs images through firmware over its serial port. */
export async function runBoard(
  { elf }: Board,
  shape: { readonly rows: number; readonly rowBytes: number; readonly classes: number },
  images: Uint8Array,
): Promise<BoardRun> {
  const { rows, rowBytes, classes } = shape;
  const count = images.length / (rows * rowBytes);
  const replyBytes = 1 + 2 * classes;
  const args = [elf, ...[rows, rowBytes, replyBytes, count].map(String)];
  const { code, output, errors } = await run(await buildSimulator(), args, images);
  const figures = /cycles (\d+) most (\d+) stack (\d+)/.exec(errors);
  if (code !== 0 || figures === null) throw new Error(`simavr ended with ${code}: ${errors}`);
  const [cycles, mostCycles, stackBytes] = figures.slice(1).map(Number) as [number, number, number];
  // simavr itself says on standard output what it loads.
  return { replies: output.subarray(output.length - count * replyBytes), cycles, mostCycles, stackBytes };
}
