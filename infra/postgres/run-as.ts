import { stat } from 'node:fs/promises';
import { type CommandResult, runCommand } from '../run-command.ts';

/** Runs PostgreSQL's programs as a user that they accept: they refuse root. */
export interface PostgresUser {
  /** The user to give files to; null where this process's own user runs them. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  run(command: string, args: readonly string[]): Promise<CommandResult>;
}

const userName = 'postgres';

/** The capabilities that let another user pass a closed folder such as /root, the lesser first. */
const passingCapabilities = ['dac_read_search', 'dac_override'];

/**
 * Chooses who runs PostgreSQL for a data folder: this process's user; or, as root, whoever owns the data already,
 * else the system's postgres user, which is made where there is none.
 *
 * @param mustReach files and folders that the user has to get at.
 * @throws Error saying what to do, where no user can.
 */
export async function postgresUser(dataFolder: string, mustReach: readonly string[]): Promise<PostgresUser> {
  if (process.getuid?.() !== 0) {
    return { owner: null, run: (command, args) => runCommand(command, args) };
  }
  const owner = (await ownerOf(dataFolder)) ?? (await systemUser()) ?? (await makeSystemUser());
  const plain: PostgresUser = {
    owner,
    run: (command, args) => runCommand(command, args, { ...owner, cwd: '/' }),
  };
  if (await reaches(plain, mustReach)) return plain;
  for (const capability of passingCapabilities) {
    const passing = throughClosedFolders(owner, capability);
    if (await reaches(passing, mustReach)) return passing;
  }
  throw new Error(
    `PostgreSQL refuses to run as root, and user ${owner.uid} can't reach ${mustReach.join(' and ')}; ` +
      'allow passing through the folders above it (chmod o+x FOLDER), or run as an ordinary user',
  );
}

async function reaches(user: PostgresUser, paths: readonly string[]): Promise<boolean> {
  for (const path of paths) {
    const result = await user
      .run('/bin/sh', ['-c', 'test -r "$1" && test -x "$1"', 'sh', path])
      .catch(() => null);
    if (result?.code !== 0) return false;
  }
  return true;
}

/**
 * A checkout under /root lies behind a folder that only root may enter. Root may keep one capability for the
 * user it becomes; the secure bit makes access(2), which PostgreSQL's programs ask first, honour it too.
 */
function throughClosedFolders(owner: { uid: number; gid: number }, capability: string): PostgresUser {
  const flags = [
    `--reuid=${owner.uid}`,
    `--regid=${owner.gid}`,
    '--clear-groups',
    `--inh-caps=+${capability}`,
    `--ambient-caps=+${capability}`,
    '--securebits=+no_setuid_fixup',
    '--',
  ];
  return { owner, run: (command, args) => runCommand('setpriv', [...flags, command, ...args], { cwd: '/' }) };
}

async function ownerOf(folder: string): Promise<{ uid: number; gid: number } | null> {
  const found = await stat(folder).catch(() => null);
  return found === null || found.uid === 0 ? null : { uid: found.uid, gid: found.gid };
}

async function systemUser(): Promise<{ uid: number; gid: number } | null> {
  const [uid, gid] = await Promise.all([
    runCommand('id', ['-u', userName]),
    runCommand('id', ['-g', userName]),
  ]);
  return uid.code === 0 && gid.code === 0 ? { uid: Number(uid.output), gid: Number(gid.output) } : null;
}

async function makeSystemUser(): Promise<{ uid: number; gid: number }> {
  const flags = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin'];
  const made = await runCommand('useradd', [...flags, userName]).catch((error: Error) => ({
    code: 1,
    output: error.message,
  }));
  const user = made.code === 0 ? await systemUser() : null;
  if (user === null) {
    throw new Error(
      `PostgreSQL refuses to run as root and the user '${userName}' could not be made (${made.output.trim()}); ` +
        'make one (useradd --system postgres), or run as an ordinary user',
    );
  }
  return user;
}
