import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { lock } from 'proper-lockfile';
import { runCommand } from './run-command.ts';

/** Programs that tests or services may need, with the packages that hold them. */
const packages = {
  'redis-server': { apt: ['redis-server'], brew: ['redis'] },
  gcc: { apt: ['gcc', 'libc6-dev'], brew: ['gcc'] },
  clang: { apt: ['clang', 'libc6-dev'], brew: ['llvm'] },
  make: { apt: ['make'], brew: ['make'] },
  'avr-gcc': { apt: ['gcc-avr', 'avr-libc', 'binutils-avr'], brew: ['osx-cross/avr/avr-gcc'] },
  chromium: { apt: ['chromium'], brew: ['chromium'] },
  simavr: { apt: ['simavr', 'libsimavr-dev'], brew: ['simavr'] },
} as const;

export type Tool = keyof typeof packages;

/** Where package managers put programs that an ordinary user's PATH may leave out. */
const moreFolders = [
  '/usr/local/bin',
  '/usr/bin',
  '/bin',
  '/usr/sbin',
  '/usr/local/sbin',
  '/opt/homebrew/bin',
];

const standardFolders = () => [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...moreFolders];

export interface ToolOptions {
  /** Told what is done; default: the console. */
  readonly say?: (line: string) => void;
  /** Where programs are looked for; default: PATH and the usual folders. */
  readonly folders?: readonly string[];
}

/**
 * The path of a program, which is got through the system's package manager where it is missing: apt-get (with sudo
 * where this is not root), or Homebrew. It says what it does.
 *
 * @throws Error with the command to type, where it can't be got.
 */
export async function ensureTool(tool: Tool, options: ToolOptions = {}): Promise<string> {
  const { say = console.log, folders = standardFolders() } = options;
  const found = await findProgram(tool, folders);
  if (found !== null) return found;
  // Two test files may want the same tool at once.
  const release = await lock(join(tmpdir(), `bitkiln-tools-${process.getuid?.() ?? 0}`), {
    realpath: false,
    stale: 10_000,
    retries: { forever: true, maxRetryTime: 600_000 },
  });
  try {
    return (await findProgram(tool, folders)) ?? (await install(tool, say, folders));
  } finally {
    await release();
  }
}

async function install(tool: Tool, say: (line: string) => void, folders: readonly string[]): Promise<string> {
  const commands = await installCommands(tool, folders);
  if (commands === null) {
    throw new Error(
      `${tool} is missing, and there is neither apt-get nor brew to get it with; install it by hand`,
    );
  }
  const run = async ([program, ...args]: readonly string[]) => {
    const env = { ...process.env, PATH: folders.join(delimiter) };
    return runCommand(program!, args, { env }).catch((error: Error) => ({
      code: null,
      output: error.message,
    }));
  };
  const typed = commands.install.join(' ');
  say(`${tool} is missing; getting it: ${typed}`);
  let result = await run(commands.install);
  // The lists of a fresh machine are empty or old.
  if (result.code !== 0 && commands.refresh !== null && (await run(commands.refresh)).code === 0) {
    result = await run(commands.install);
  }
  const path = result.code === 0 ? await findProgram(tool, folders) : null;
  if (path === null) throw new Error(`${tool} could not be got; type: ${typed}\n${result.output.trim()}`);
  say(`${tool} is at ${path}`);
  return path;
}

interface InstallCommands {
  readonly install: readonly string[];
  readonly refresh: readonly string[] | null;
}

async function installCommands(tool: Tool, folders: readonly string[]): Promise<InstallCommands | null> {
  if ((await findProgram('apt-get', folders)) !== null) {
    const asRoot = process.getuid?.() === 0 ? [] : ['sudo', ...(process.stdin.isTTY ? [] : ['-n'])];
    // Services that a package would start stay down: the tests start servers of their own.
    const aptGet = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'apt-get'];
    return {
      install: [
        ...aptGet,
        '-o',
        'DPkg::Lock::Timeout=300',
        'install',
        '-y',
        '--no-install-recommends',
        ...packages[tool].apt,
      ],
      refresh: [...aptGet, 'update'],
    };
  }
  if ((await findProgram('brew', folders)) !== null) {
    return { install: ['brew', 'install', ...packages[tool].brew], refresh: null };
  }
  return null;
}

/** The path of a program on this host; null where there is none. */
export async function findProgram(
  name: string,
  folders: readonly string[] = standardFolders(),
): Promise<string | null> {
  for (const folder of folders) {
    const path = join(folder, name);
    const executable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return path;
  }
  return null;
}
