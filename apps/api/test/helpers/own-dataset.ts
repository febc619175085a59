import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataFolders } from '@bitkiln/datasets';
import { afterAll } from 'vitest';

/** Folders with one set of the user's own, `dots`: 6 x 4 pixels, 3 classes, as idx files; and a broken one, `lost`. */
export async function ownDataset(): Promise<DataFolders> {
  const root = await mkdtemp(join(tmpdir(), 'bitkiln-api-'));
  afterAll(() => rm(root, { recursive: true, force: true }));
  const folders = { datasets: join(root, 'datasets'), cache: join(root, 'cache') };
  await mkdir(folders.datasets);
  for (const [part, count] of [
    ['train', 30],
    ['test', 9],
  ] as const) {
    const pixels = Uint8Array.from({ length: count * 24 }, (_, i) => (i * 37) % 256);
    await writeFile(join(folders.datasets, `${part}-images`), idx([count, 6, 4], pixels));
    const labels = Uint8Array.from({ length: count }, (_, i) => i % 3);
    await writeFile(join(folders.datasets, `${part}-labels`), idx([count], labels));
  }
  const part = (name: string) => ({ images: `${name}-images`, labels: `${name}-labels` });
  const dots = { train: part('train'), test: part('test'), validation: { count: 6 } };
  const registry = { dots, lost: { ...dots, test: part('gone') } };
  await writeFile(join(folders.datasets, 'datasets.json'), JSON.stringify(registry));
  return folders;
}

function idx(dimensions: readonly number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header.writeUInt32BE(0x0800 + dimensions.length, 0);
  for (const [i, length] of dimensions.entries()) header.writeUInt32BE(length, 4 + 4 * i);
  return Buffer.concat([header, data]);
}
