// Builds the page into dist/ and compresses its files, so that the API serves them as they lie. Skipped where dist/
// was made from the same sources. Run at install: what `npm ci` leaves behind is ready to be served.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const folder = fileURLToPath(new URL('.', import.meta.url));
const root = join(folder, '..', '..');
const dist = join(folder, 'dist');
const stamp = join(dist, '.sources');

// An image layer that installs packages before it copies the sources has no page yet.
if (existsSync(join(folder, 'index.html'))) await buildIfStale();

async function buildIfStale() {
  const sources = await sourcesHash();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) return;
  const started = performance.now();
  const { build } = await import('vite');
  await build({ configFile: join(folder, 'vite.config.ts'), logLevel: 'warn' });
  await compressAll();
  writeFileSync(stamp, sources);
  console.log(`built the page in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** A hash over everything that the bundle is made of, but for packages, which the lock file stands for. */
async function sourcesHash() {
  const hash = createHash('sha256');
  const folders = [join(folder, 'src'), join(folder, 'public'), join(root, 'packages', 'core', 'src')];
  const files = [
    ...['index.html', 'vite.config.ts', 'build.mjs'].map((name) => join(folder, name)),
    join(root, 'package-lock.json'),
  ];
  for (const each of folders) {
    const entries = await readdir(each, { recursive: true, withFileTypes: true });
    for (const entry of entries) if (entry.isFile()) files.push(join(entry.parentPath, entry.name));
  }
  for (const file of files.sort()) {
    hash
      .update(`${relative(root, file)}\0`)
      .update(await readFile(file))
      .update('\0');
  }
  return hash.digest('hex');
}

async function compressAll() {
  const entries = await readdir(dist, { recursive: true, withFileTypes: true });
  const texts = entries.filter((entry) => entry.isFile() && /\.(?:js|css|html|svg|json)$/.test(entry.name));
  await Promise.all(
    texts.map(async (entry) => {
      const file = join(entry.parentPath, entry.name);
      const bytes = await readFile(file);
      const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
      await writeFile(`${file}.gz`, await promisify(gzip)(bytes, { level: 9 }));
      await writeFile(`${file}.br`, await promisify(brotliCompress)(bytes, quality));
    }),
  );
}
