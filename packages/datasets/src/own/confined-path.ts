import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { DatasetError } from '../dataset-error.ts';

/**
 * Reads a file below `root`. Neither `..` nor a symbolic link may lead out of it, and nothing but a plain file is
 * read.
 * @throws DatasetError naming the path
 */
export async function readConfined(root: string, path: string, source: string): Promise<Uint8Array> {
  const fault = (expected: string) => new DatasetError({ source, field: 'path', value: path, expected });
  const below = 'a path below the data sets folder, without leaving it';
  if (path === '' || path.includes('\0') || isAbsolute(path)) throw fault(below);
  const realRoot = await realpath(root);
  if (leaves(realRoot, join(realRoot, path))) throw fault(below);
  let target: string;
  try {
    target = await realpath(join(realRoot, path));
  } catch {
    throw fault('a file that exists in the data sets folder');
  }
  if (leaves(realRoot, target)) throw fault(below);
  const file = await open(target, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw fault('a plain file');
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function leaves(root: string, target: string): boolean {
  const path = relative(root, target);
  return path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);
}
