import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFile(join(root, path), 'utf8');
const compose = async () => parse(await read('docker-compose.yml'), { merge: true });

const dockerfiles = ['infra/docker/Dockerfile', 'infra/docker/gpu.Dockerfile'];

test('the compose file has every part of a fleet, wired to one Postgres and one Redis', async () => {
  const { services, volumes } = await compose();
  expect(Object.keys(services).sort()).toEqual(['api', 'postgres', 'redis', 'worker', 'worker-gpu']);
  for (const name of ['api', 'worker', 'worker-gpu']) {
    expect(services[name].environment).toMatchObject({
      DATABASE_URL: expect.stringMatching(/@postgres:5432\/bitkiln$/),
      REDIS_URL: 'redis://redis:6379',
    });
    expect(services[name].init).toBe(true);
  }
  expect(Object.keys(volumes).sort()).toEqual(['postgres', 'redis']);
  expect(services.redis.command).toEqual([
    'redis-server',
    '--appendonly',
    'yes',
    '--maxmemory-policy',
    'noeviction',
  ]);
});

test('workers can be scaled, and GPU workers come with their profile alone', async () => {
  const { services } = await compose();
  for (const name of ['worker', 'worker-gpu']) {
    // A fixed name or port would allow one container.
    expect(services[name]).not.toHaveProperty('container_name');
    expect(services[name]).not.toHaveProperty('ports');
    expect(services[name].depends_on).toEqual({ api: { condition: 'service_healthy' } });
  }
  expect(services.worker).not.toHaveProperty('profiles');
  expect(services['worker-gpu'].profiles).toEqual(['gpu']);
  expect(services['worker-gpu'].deploy.resources.reservations.devices).toEqual([
    { driver: 'nvidia', count: 'all', capabilities: ['gpu'] },
  ]);
});

test('nothing but the API is published, and that on loopback', async () => {
  const { services } = await compose();
  const published = Object.entries<{ ports?: string[] }>(services).filter(
    ([, { ports }]) => ports !== undefined,
  );
  expect(published.map(([name, { ports }]) => [name, ports])).toEqual([
    ['api', [expect.stringMatching(/^127\.0\.0\.1:.*:3000$/)]],
  ]);
});

test('every build names a container file and a target that it has', async () => {
  const { services } = await compose();
  for (const { build } of Object.values<{ build?: { dockerfile: string; target?: string } }>(services)) {
    if (build === undefined) continue;
    const file = await read(build.dockerfile);
    if (build.target !== undefined) expect(file).toMatch(new RegExp(`^FROM \\S+ AS ${build.target}$`, 'm'));
  }
});

test.each(dockerfiles)('%s copies files that exist, each workspace among them', async (path) => {
  const file = await read(path);
  const copied = [...file.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) =>
    sources!.split(' '),
  );
  for (const source of copied) await access(join(root, source));
  const { packages } = JSON.parse(await read('package-lock.json')) as { packages: Record<string, object> };
  const workspaces = Object.keys(packages).filter((name) => /^(apps|packages)\/[^/]+$|^infra$/.test(name));
  expect(workspaces.length).toBeGreaterThan(6);
  for (const workspace of workspaces) expect(copied).toContain(`${workspace}/package.json`);
});

test.each(dockerfiles)('%s starts programs that exist', async (path) => {
  const commands = [...(await read(path)).matchAll(/^CMD (\[.+\])$/gm)].map(
    ([, json]) => JSON.parse(json!) as string[],
  );
  expect(commands.length).toBeGreaterThan(0);
  for (const [program, , , module] of commands) {
    expect(program).toBe('node');
    await access(join(root, module!));
  }
});

test("the GPU image's TensorFlow is the one that the trainer asks for", async () => {
  const trainer = JSON.parse(await read('packages/trainer/package.json'));
  const version = trainer.peerDependencies['@tensorflow/tfjs-node-gpu'];
  expect(await read('infra/docker/gpu.Dockerfile')).toContain(`@tensorflow/tfjs-node-gpu@${version}`);
});

test.each(dockerfiles)('%s has what the install runs before it installs', async (file) => {
  const { scripts } = JSON.parse(await read('package.json'));
  const before = (await read(file)).split('npm ci')[0]!;
  const copied = [...before.matchAll(/^COPY ((?:\S+ )+)\S+$/gm)].flatMap(([, sources]) =>
    sources!.trim().split(' '),
  );
  const run: string[] = scripts.postinstall.match(/\S+\.mjs/g);
  expect(run.length).toBeGreaterThan(0);
  for (const script of run) {
    expect(
      copied.some((source) => script === source || (source.endsWith('/') && script.startsWith(source))),
    ).toBe(true);
  }
});
