import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureTool } from '@bitkiln/infra';

const root = mkdtempSync(join(tmpdir(), 'bitkiln-firmware-'));
process.once('exit', () => rmSync(root, { recursive: true, force: true }));

/** A folder for generated files, gone when the process ends. */
export function temporaryFolder(): string {
  return mkdtempSync(join(root, 'case-'));
}

export function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
}

export interface Ran {
  readonly code: number | null;
  readonly output: Buffer;
  readonly errors: string;
}

/** Runs a program on what is written to its standard input. */
export function run(
  program: string,
  args: readonly string[],
  input?: Uint8Array,
  cwd?: string,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    // A program that a sanitizer stops no longer reads.
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output: Buffer.concat(output), errors }));
  });
}

const warnings = ['-std=c99', '-Wall', '-Wextra', '-Wconversion', '-pedantic', '-Werror'];

/**
 * Compiles C without a warning and returns the program's path: gcc's with both sanitizers' reports, clang's
 * optimized, and with a trap at whatever is undefined.
 */
export async function compile(
  folder: string,
  compiler: 'gcc' | 'clang',
  sources: readonly string[],
  flags: readonly string[] = [],
): Promise<string> {
  const program = join(mkdtempSync(join(folder, compiler)), 'run');
  const checks =
    compiler === 'gcc'
      ? ['-O0', '-fsanitize=address,undefined', '-fno-sanitize-recover=all']
      : ['-O1', '-fsanitize=undefined', '-fsanitize-trap=undefined'];
  const { code, errors } = await run(
    await ensureTool(compiler),
    [...warnings, ...checks, ...flags, ...sources, '-o', program],
    undefined,
    folder,
  );
  if (code !== 0) throw new Error(`${compiler}: ${errors}`);
  return program;
}
