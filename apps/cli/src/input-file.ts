import { readFileSync } from 'node:fs';
import { UsageError } from './usage-error.ts';

/** Reads a file that the command line names. @throws UsageError where it can't be read. */
export function readInputFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(code === 'ENOENT' ? `no such file: ${path}` : `can't read ${path}: ${message}`);
  }
}

/** Reads a JSON file that the command line names. @throws UsageError */
export function readJsonFile(path: string): unknown {
  const text = readInputFile(path).toString('utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path} is not JSON: ${(error as Error).message}`);
  }
}
