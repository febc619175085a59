import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../index.ts';
import { runningPostmaster } from '../postgres/postmaster.ts';

const isRoot = process.getuid?.() === 0;
const script = fileURLToPath(new URL('support/start-postgres.ts', import.meta.url));
const settings = { fsync: 'off' };

let parent: string;
let folder: string;
let started: EmbeddedPostgres[];
let children: ChildProcess[];

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'bitkiln-embedded-'));
  await chmod(parent, 0o755);
  folder = join(parent, 'postgres');
  started = [];
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const postgres of started) await postgres.stop();
  const left = await runningPostmaster(join(folder, 'data'));
  if (left !== null) process.kill(left.pid, 'SIGKILL');
  await rm(parent, { recursive: true, force: true });
});

async function start(directory = folder): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ directory, settings });
  started.push(postgres);
  return postgres;
}

interface Report {
  readonly url: string;
  readonly adopted: boolean;
  readonly error?: string;
}

/** Starts it from a process of its own. */
async function startApart(
  options: { uid?: number; directory?: string } = {},
): Promise<Report & { child: ChildProcess }> {
  const { directory = folder, ...user } = options;
  const args = ['--import', import.meta.resolve('tsx'), script, directory];
  const child = spawn(process.execPath, args, { ...user, stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  return { ...(JSON.parse(line) as Report), child };
}

async function stopApart({ child }: { child: ChildProcess }): Promise<void> {
  const exited = once(child, 'exit');
  child.stdin!.end();
  expect(await exited).toEqual([0, null]);
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const postmaster = () => runningPostmaster(join(folder, 'data'));
const portOf = (url: string) => Number(new URL(url).port);

test('a second start finds the data of the first, on the same port', async () => {
  const first = await start();
  expect(first.adopted).toBe(false);
  expect(portOf(first.url)).toBeLessThan(32_768);
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  await first.stop();
  expect(await postmaster()).toBeNull();
  await expect(query(first.url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
  const second = await start();
  expect(second.url).toBe(first.url);
  expect(await query(second.url, 'SELECT * FROM kept')).toEqual([{ answer: 42 }]);
});

test('listens on loopback alone, and for who knows the password', async () => {
  const { url } = await start();
  expect(await query(url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
  const wrong = new URL(url);
  wrong.password = 'wrong';
  await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
  expect((await stat(join(folder, 'password'))).mode & 0o077).toBe(0);
});

test('a server that a killed process left running is adopted, and stops with its new user', async () => {
  const first = await startApart();
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  const { pid } = (await postmaster())!;
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const second = await start();
  expect(second).toMatchObject({ adopted: true, url: first.url });
  expect((await postmaster())!.pid).toBe(pid);
  expect(await query(second.url, 'SELECT * FROM kept')).toEqual([{ answer: 42 }]);
  await second.stop();
  expect(await postmaster()).toBeNull();
});

test('processes that start at once share one server, which stops with the last of them', async () => {
  const processes = await Promise.all([startApart(), startApart(), startApart()]);
  expect(new Set(processes.map(({ url }) => url)).size).toBe(1);
  expect(processes.filter(({ adopted }) => !adopted)).toHaveLength(1);
  for (const [index, each] of processes.entries()) {
    expect(await query(each.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await stopApart(each);
    if (index < 2) expect(await postmaster()).not.toBeNull();
  }
  expect(await postmaster()).toBeNull();
});

test('a server that was killed itself recovers', async () => {
  const first = await start();
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  process.kill((await postmaster())!.pid, 'SIGKILL');
  const second = await start();
  expect(second.adopted).toBe(false);
  expect(await query(second.url, 'SELECT * FROM kept')).toEqual([{ answer: 42 }]);
});

test("a stale postmaster.pid that names another program's process is no obstacle", async () => {
  await (await start()).stop();
  const lines = [process.pid, join(folder, 'data'), 1, 23_456, '', '127.0.0.1', 'ready', ''];
  await writeFile(join(folder, 'data', 'postmaster.pid'), lines.join('\n'));
  const second = await start();
  expect(second.adopted).toBe(false);
});

test('takes another port where the remembered one is in use', async () => {
  const first = await start();
  await first.stop();
  const squatter = createServer().listen(portOf(first.url), '127.0.0.1');
  await once(squatter, 'listening');
  try {
    const second = await start();
    expect(portOf(second.url)).not.toBe(portOf(first.url));
    expect(await readFile(join(folder, 'port'), 'utf8')).toBe(`${portOf(second.url)}\n`);
  } finally {
    squatter.close();
  }
});

test('a first start that was cut short leaves nothing behind that hinders the next', async () => {
  await mkdir(join(folder, 'data.new', 'base'), { recursive: true });
  await writeFile(join(folder, 'password'), 'old\n');
  const { url } = await start();
  expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('refuses the data of another major version, and says what to do', async () => {
  await (await start()).stop();
  await writeFile(join(folder, 'data', 'PG_VERSION'), '15\n');
  await expect(start()).rejects.toThrow(
    /holds data of PostgreSQL 15, and this bitkiln ships PostgreSQL 18; move/,
  );
});

test('says why the server does not start', async () => {
  await (await start()).stop();
  await writeFile(join(folder, 'data', 'postgresql.auto.conf'), 'shared_buffers = nonsense\n');
  await expect(start()).rejects.toThrow(/did not start[\s\S]*invalid value for parameter "shared_buffers"/);
});

/** What takes a switch of users can be tried by root alone. */
describe.runIf(isRoot)('as root', () => {
  const ordinary = Number(execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' }));

  test('runs the server as another user, in folders that are closed to it too', async () => {
    await chmod(parent, 0o700);
    const { url } = await start();
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const { pid } = (await postmaster())!;
    expect((await stat(`/proc/${pid}`)).uid).not.toBe(0);
  });

  test('an ordinary user runs it too, and root can run on what it made', async () => {
    await chown(parent, ordinary, ordinary);
    const first = await startApart({ uid: ordinary });
    expect(first.error).toBeUndefined();
    expect((await stat(`/proc/${(await postmaster())!.pid}`)).uid).toBe(ordinary);
    await stopApart(first);
    const second = await start();
    expect((await stat(`/proc/${(await postmaster())!.pid}`)).uid).toBe(ordinary);
    await second.stop();
    await stopApart(await startApart({ uid: ordinary }));
  });

  test("an ordinary user is told whose the data is, where it is another's", async () => {
    await (await start()).stop();
    const { error } = await startApart({ uid: ordinary });
    expect(error).toMatch(`and this is user ${ordinary}; run as that user or as root`);
  });
});
