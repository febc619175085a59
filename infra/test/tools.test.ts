import { access, chmod, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureTool, findProgram } from '../index.ts';

let folder: string;
let said: string[];
const say = (line: string) => said.push(line);

/** A host of its own: programs are found in this folder alone. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bitkiln-tools-'));
  said = [];
  for (const name of ['env', 'sh', 'cp', 'chmod'])
    await symlink((await findProgram(name))!, join(folder, name));
  await program('sudo', 'shift; exec "$@"');
});
afterEach(() => rm(folder, { recursive: true }));

async function program(name: string, script: string): Promise<void> {
  await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, name), 0o755);
}

/** A package manager that notes its calls and puts redis-server in place where `condition` holds. */
function manager(name: string, condition: string): Promise<void> {
  return program(
    name,
    `echo "$@" >> ${folder}/calls; if ${condition}; then cp ${folder}/env ${folder}/redis-server; else exit 100; fi`,
  );
}

const calls = async () => (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');
const install = '-o DPkg::Lock::Timeout=300 install -y --no-install-recommends redis-server';

test('a program that is there is left alone', async () => {
  await program('redis-server', 'exit 0');
  await manager('apt-get', 'true');
  expect(await ensureTool('redis-server', { say, folders: [folder] })).toBe(join(folder, 'redis-server'));
  expect(said).toEqual([]);
  await expect(access(join(folder, 'calls'))).rejects.toThrow(/ENOENT/);
});

test('a missing program is got through apt-get, which is said', async () => {
  await manager('apt-get', 'true');
  expect(await ensureTool('redis-server', { say, folders: [folder] })).toBe(join(folder, 'redis-server'));
  expect(await calls()).toEqual([install]);
  expect(said[0]).toContain(`redis-server is missing; getting it:`);
  expect(said[0]).toContain(`apt-get ${install}`);
});

test('the lists of packages are got where they are missing', async () => {
  await manager('apt-get', `[ "$1" = update ] || [ "$(echo $(wc -l < ${folder}/calls))" -gt 1 ]`);
  await symlink((await findProgram('wc'))!, join(folder, 'wc'));
  expect(await ensureTool('redis-server', { say, folders: [folder] })).toBe(join(folder, 'redis-server'));
  expect(await calls()).toEqual([install, 'update', install]);
});

test('Homebrew is asked where there is no apt-get', async () => {
  await manager('brew', 'true');
  await ensureTool('redis-server', { say, folders: [folder] });
  expect(await calls()).toEqual(['install redis']);
});

test('fails with the command to type where it is refused', async () => {
  await manager('apt-get', 'false');
  await expect(ensureTool('redis-server', { say, folders: [folder] })).rejects.toThrow(
    new RegExp(`redis-server could not be got; type: .*apt-get ${install}`),
  );
});

test('fails where there is no package manager', async () => {
  await expect(ensureTool('redis-server', { say, folders: [folder] })).rejects.toThrow(
    /neither apt-get nor brew to get it with; install it by hand/,
  );
});
