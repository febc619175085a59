import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Findings } from '../checker/findings.ts';

const program = fileURLToPath(new URL('../checker/main.ts', import.meta.url));

export interface Verdict {
  readonly exitCode: number;
  readonly findings: Findings;
}

/** Runs the checker as a program of its own. */
export async function runChecker(
  databaseUrl: string,
  undisturbedUrl: string,
  folder: string,
): Promise<Verdict> {
  const args = ['--database', databaseUrl, '--undisturbed', undisturbedUrl, '--folder', folder];
  const run = promisify(execFile)(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), program, ...args],
    { maxBuffer: 2 ** 26 },
  );
  const { stdout, code } = await run.then(
    (result) => ({ ...result, code: 0 }),
    (error: { stdout: string; stderr: string; code: number }) => {
      if (error.code !== 1 || !error.stdout) throw new Error(`the checker broke: ${error.stderr}`);
      return error;
    },
  );
  const findings = JSON.parse(stdout.trim().split('\n').at(-1)!) as Findings;
  return { exitCode: code, findings };
}
