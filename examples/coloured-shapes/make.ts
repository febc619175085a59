/**
 * Draws a small data set of its own: 20x20 images with three channels, each with one shape of five kinds in some
 * colour, at some place and in some size, on a ground of another colour, under noise. The same bytes on every host.
 *
 *   npx tsx examples/coloured-shapes/make.ts [FOLDER]
 *
 * writes idx files into FOLDER (.bitkiln/datasets) and names them in its datasets.json.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bitsAt, type Stream, substream } from '@bitkiln/core';

const size = 20;
const channels = 3;
const trainCount = 12_000;
const testCount = 2_000;

/** Whether a shape covers a place; x and y run from -1 to 1 over its box. */
const shapes: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => x * x + y * y <= 1,
  (x, y) => Math.abs(x) <= 0.85 && Math.abs(y) <= 0.85,
  (x, y) => y <= 0.9 && Math.abs(x) <= (y + 1) / 2,
  (x, y) => Math.min(Math.abs(x), Math.abs(y)) <= 0.3 && Math.max(Math.abs(x), Math.abs(y)) <= 1,
  (x, y) => x * x + y * y <= 1 && x * x + y * y >= 0.4,
];

/** One image and its class, a function of the stream alone. */
function drawShape(stream: Stream): { pixels: Uint8Array; label: number } {
  let draws = 0;
  const draw = (from: number, to: number) =>
    from + Math.floor(bitsAt(stream, draws++) * (to - from + 1) * 2 ** -32);
  const label = draw(0, shapes.length - 1);
  const ground = Array.from({ length: channels }, () => draw(0, 255));
  const strongest = draw(0, channels - 1);
  const colour = ground.map((level, channel) =>
    channel === strongest ? (level + draw(96, 160)) % 256 : (level + draw(-40, 40) + 256) % 256,
  );
  const radius = draw(20, 36) / 4;
  const reach = Math.floor(size / 2 - radius);
  const [row, col] = [size / 2 + draw(-reach, reach), size / 2 + draw(-reach, reach)];
  const pixels = new Uint8Array(size * size * channels);
  for (let r = 0, i = 0; r < size; r++) {
    for (let c = 0; c < size; c++) {
      const covered = shapes[label]!((c + 0.5 - col) / radius, (r + 0.5 - row) / radius);
      for (const level of covered ? colour : ground) {
        pixels[i++] = Math.min(255, Math.max(0, level + draw(-24, 24)));
      }
    }
  }
  return { pixels, label };
}

function idx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head.writeUInt16BE(0x0800 | shape.length, 2);
  for (const [axis, length] of shape.entries()) head.writeUInt32BE(length, 4 + 4 * axis);
  return Buffer.concat([head, data]);
}

async function writePart(folder: string, part: string, count: number, stream: Stream): Promise<void> {
  const images = new Uint8Array(count * size * size * channels);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const { pixels, label } = drawShape(substream(stream, i));
    images.set(pixels, i * pixels.length);
    labels[i] = label;
  }
  await writeFile(join(folder, `${part}-images`), idx([count, size, size, channels], images));
  await writeFile(join(folder, `${part}-labels`), idx([count], labels));
}

const folder = process.argv[2] ?? '.bitkiln/datasets';
const sets = join(folder, 'coloured-shapes');
await mkdir(sets, { recursive: true });
await writePart(sets, 'train', trainCount, { key0: 1, key1: 0 });
await writePart(sets, 'test', testCount, { key0: 2, key1: 0 });
const files = (part: string) => ({
  images: `coloured-shapes/${part}-images`,
  labels: `coloured-shapes/${part}-labels`,
});
const registryFile = join(folder, 'datasets.json');
const registered = existsSync(registryFile) ? JSON.parse(await readFile(registryFile, 'utf8')) : {};
registered['coloured-shapes'] = { train: files('train'), test: files('test') };
await writeFile(registryFile, `${JSON.stringify(registered, null, 2)}\n`);
console.log(`${trainCount} training and ${testCount} test images of ${size}x${size}x${channels} in ${sets}`);
