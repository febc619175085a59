import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatasetCatalog } from '@bitkiln/datasets';
import { freePort } from '@bitkiln/infra';
import { afterAll, expect, test } from 'vitest';
import { tiny } from '../helpers/bodies.ts';
import { buildTestApp, countRows, get, post } from '../helpers/test-app.ts';

const canary = 'nobody-may-read-this';
const root = await mkdtemp(join(tmpdir(), 'bitkiln-paths-'));
afterAll(() => rm(root, { recursive: true, force: true }));
const folders = { datasets: join(root, 'datasets'), cache: join(root, 'cache') };
const page = join(root, 'page');
const secret = join(root, 'secret');
await mkdir(folders.datasets);
await mkdir(join(page, 'assets'), { recursive: true });
await writeFile(secret, canary);
await writeFile(join(page, 'index.html'), '<!doctype html>');
await writeFile(join(page, 'assets', 'app.js'), 'export {};');
await symlink(secret, join(folders.datasets, 'link'));
await symlink(root, join(folders.datasets, 'folder'));

/** Every one leads to the secret, and none from inside the folder of data sets. */
const escapes: Readonly<Record<string, string>> = {
  upwards: '../secret',
  absolute: secret,
  link: 'link',
  throughfolder: 'folder/secret',
  winding: 'folder/../../secret',
  url: `file://${secret}`,
  nul: 'link\u0000.npy',
};
const part = (path: string) => ({ images: path, labels: path });
const registry = Object.fromEntries(
  Object.entries(escapes).map(([name, path]) => [name, { train: part(path), test: part(path) }]),
);
await writeFile(join(folders.datasets, 'datasets.json'), JSON.stringify(registry));

const testApp = await buildTestApp({ datasets: createDatasetCatalog(folders), dashboardFolder: page });
const { app } = testApp;

test('no data set that leaves the configured folder is read', async () => {
  const { body, text } = await get(app, '/datasets');
  expect(text).not.toContain(canary);
  expect(body.items.map(({ name }: { name: string }) => name)).toEqual(['mnist']);
  for (const name of Object.keys(escapes)) {
    expect(body.faulty).toContainEqual({
      name,
      fault: expect.stringMatching(/path .* expected a (path|file)/),
    });
  }
  const rows = await countRows(testApp);
  for (const name of Object.keys(escapes)) {
    const reply = await post(app, '/experiments', { ...tiny, dataset: name });
    expect([name, reply.status, reply.body.type]).toEqual([
      name,
      422,
      'urn:problem-type:bitkiln:dataset-unusable',
    ]);
    expect(reply.text).not.toContain(canary);
  }
  for (const path of Object.values(escapes)) {
    const reply = await post(app, '/experiments', { ...tiny, dataset: path });
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.text).not.toContain(canary);
  }
  expect(await countRows(testApp)).toBe(rows);
});

const base = await app.listen({ host: '127.0.0.1', port: await freePort() });

/** Asks for an address as it is: a client would tidy it up. */
async function ask(address: string): Promise<string> {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname);
  socket.write(`GET ${address} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  let text = '';
  for await (const chunk of socket.setEncoding('utf8')) text += chunk;
  return text;
}

test.each([
  '/../secret',
  '/assets/../../secret',
  '/assets/..%2f..%2fsecret',
  '/assets/%2e%2e/%2e%2e/secret',
  '/assets/..%5c..%5csecret',
  '/assets/..%252f..%252fsecret',
  '/assets//../../secret',
  '/assets/%00/../../secret',
  '/assets/app.js/../../../secret',
  '/ui/../../secret',
  '/ui/..%2f..%2fsecret',
  '/docs/static/../../../../secret',
  '/docs/static/..%2f..%2f..%2f..%2fpackage.json',
  '/datasets/..%2f..%2fsecret',
  '/datasets/..%2fdatasets.json',
  'http://localhost/../secret',
  '//secret',
  secretUrl(),
])('%s is no way to a file', async (address) => {
  const reply = await ask(address);
  expect(reply).not.toContain(canary);
  expect(reply).not.toContain('"dependencies"');
  // Below /ui/ every address is the page.
  expect(reply).toMatch(/^HTTP\/1\.1 (4\d\d |200 OK[\s\S]*<!doctype html>$)/);
});

function secretUrl(): string {
  return `/assets/${encodeURIComponent(secret)}`;
}

test('the page itself is served', async () => {
  expect(await ask('/')).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*<!doctype html>$/);
  expect(await ask('/assets/app.js')).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*export \{\};$/);
});
