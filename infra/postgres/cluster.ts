import { randomBytes } from 'node:crypto';
import { appendFile, chmod, chown, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PostgresBinaries } from './binaries.ts';
import type { PostgresUser } from './run-as.ts';

/** The superuser of embedded databases. */
export const clusterUser = 'bitkiln';

const settingsFile = 'bitkiln.conf';

const exists = async (path: string) => (await stat(path).catch(() => null)) !== null;

/**
 * Makes the data folder if there is none yet. It gets its name as the last step, so that a start cut short leaves
 * nothing half made behind. Returns the superuser's password, which stands beside it.
 *
 * @param durable false skips waiting for the disk, for data that nobody will miss.
 * @throws Error where the data is of another PostgreSQL's major version, or out of this user's reach.
 */
export async function ensureCluster(
  folder: string,
  binaries: PostgresBinaries,
  user: PostgresUser,
  durable: boolean,
): Promise<string> {
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  if (await exists(data)) {
    const version = await readFile(join(data, 'PG_VERSION'), 'utf8').catch((error: Error) => {
      throw new Error(
        `${data} can't be read (${error.message}); run as its owner, or remove ${folder} to start afresh`,
      );
    });
    if (Number.parseInt(version, 10) !== binaries.major) {
      throw new Error(
        `${data} holds data of PostgreSQL ${version.trim()}, and this bitkiln ships PostgreSQL ${binaries.major}; ` +
          `move the data over with pg_dump of the old release, or remove ${folder} to start afresh`,
      );
    }
    return (await readFile(passwordFile, 'utf8')).trim();
  }
  const draft = `${data}.new`;
  await rm(draft, { recursive: true, force: true });
  const password = randomBytes(18).toString('base64url');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  await giveTo(user, passwordFile);
  const made = await user.run(binaries.initdb, [
    `--pgdata=${draft}`,
    `--username=${clusterUser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--no-locale',
    ...(durable ? [] : ['--no-sync']),
  ]);
  if (made.code !== 0) {
    throw new Error(
      `initdb failed with code ${made.code}; if libraries are missing, run npm ci again.\n${made.output}`,
    );
  }
  await appendFile(join(draft, 'postgresql.conf'), `\ninclude '${settingsFile}'\n`);
  await rename(draft, data);
  return password;
}

/** Writes the server's settings; they hold from its next start. */
export async function writeSettings(
  folder: string,
  user: PostgresUser,
  settings: Readonly<Record<string, string | number>>,
): Promise<void> {
  const file = join(folder, 'data', settingsFile);
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'\n`,
  );
  await writeFile(file, lines.join(''), { mode: 0o600 });
  await chmod(file, 0o600);
  await giveTo(user, file);
}

/** Gives a file or folder to the user that runs PostgreSQL. */
export async function giveTo(user: PostgresUser, path: string): Promise<void> {
  if (user.owner !== null) await chown(path, user.owner.uid, user.owner.gid);
}
