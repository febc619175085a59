import { execFileSync } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const dashboard = fileURLToPath(new URL('../../apps/dashboard/', import.meta.url));

test('the whole page, fonts included, takes less than 400 KB gzipped, and asks nothing of other hosts', async () => {
  execFileSync(process.execPath, [join(dashboard, 'build.mjs')]);
  const entries = await readdir(join(dashboard, 'dist'), { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !/\.(?:gz|br)$/.test(entry.name) && entry.name !== '.sources')
    .map((entry) => join(entry.parentPath, entry.name));
  let total = 0;
  for (const file of files) {
    const bytes = await readFile(file);
    total += gzipSync(bytes).length;
    if (/\.(?:html|css)$/.test(file)) expect(bytes.toString()).not.toMatch(/https?:\/\//);
  }
  expect(files.length).toBeGreaterThan(5);
  expect(total).toBeLessThan(400 * 1024);
  for (const file of files.filter((name) => /\.(?:js|css|html)$/.test(name))) {
    for (const suffix of ['gz', 'br']) expect((await stat(`${file}.${suffix}`)).size).toBeGreaterThan(0);
  }
});
