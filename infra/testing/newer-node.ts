import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arch, platform } from 'node:process';
import { lock } from 'proper-lockfile';
import { runCommand } from '../run-command.ts';

const version = '26.10.0';

/**
 * The path of a Node newer than the one that runs, got from the npm registry where it is missing and kept in the
 * temporary folder.
 * @throws Error with the command to type, where it can't be got
 */
export async function ensureNewerNode(say: (line: string) => void = console.log): Promise<string> {
  const folder = join(tmpdir(), `bitkiln-node-${version}-${process.getuid?.() ?? 0}`);
  const name = `node-${platform}-${arch}`;
  const binary = join(folder, 'node_modules', name, 'bin', 'node');
  await mkdir(folder, { recursive: true });
  const release = await lock(folder, { stale: 10_000, retries: { forever: true, maxRetryTime: 600_000 } });
  try {
    if (existsSync(binary)) return binary;
    const args = [
      'install',
      '--prefix',
      folder,
      '--no-save',
      '--no-audit',
      '--no-fund',
      `${name}@${version}`,
    ];
    const typed = `npm ${args.join(' ')}`;
    say(`Node ${version} is missing; getting it: ${typed}`);
    const { code, output } = await runCommand('npm', args);
    if (code !== 0 || !existsSync(binary)) {
      throw new Error(`Node ${version} could not be got; type: ${typed}\n${output.trim()}`);
    }
    return binary;
  } finally {
    await release();
  }
}
