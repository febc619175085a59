import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const bin = fileURLToPath(new URL('../bin/bitkiln.mjs', import.meta.url));

/** Runs the real command in a process of its own, without a database in its environment. */
export function runCli(...args: string[]): Promise<CliResult> {
  return runCliWith({}, ...args);
}

/** The same with further environment variables. */
export function runCliWith(
  environment: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<CliResult> {
  const { DATABASE_URL: _database, REDIS_URL: _redis, ...env } = process.env;
  return new Promise((resolve) => {
    const options = { env: { ...env, ...environment }, maxBuffer: 1 << 26 };
    execFile(process.execPath, [bin, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** A file of the golden data. */
export function golden(name: string): string {
  return fileURLToPath(new URL(`../../../packages/core/test/golden/${name}`, import.meta.url));
}

export const reference = 'A(2,4) C(5,3x3) C(8,3x3) C(11,3x3) M(2) D(0.1) S(10)';
