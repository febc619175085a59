import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DatasetError } from '../dataset-error.ts';

/** The file in the data sets folder that names the user's own sets; docs/datasets.md describes it. */
const registryFileName = 'datasets.json';

const reference = z.string().min(1).max(1000);
const arrays = z.strictObject({ images: reference, labels: reference });
const drawn = z.strictObject({
  count: z
    .int()
    .min(1)
    .max(2 ** 31),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0),
});
const entry = z.union([
  reference,
  z.strictObject({ train: arrays, test: arrays, validation: z.union([arrays, drawn]).optional() }),
]);
const nameRule = 'lower-case letters, digits and hyphens, from 1 to 40 of them, and not "mnist"';
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/)
  .refine((text) => text !== 'mnist');

export type ArrayFiles = z.output<typeof arrays>;

/** Where the arrays of an own set lie: an npz file with Keras' names, or each array by itself. */
export type OwnSet = z.output<typeof entry>;

/**
 * The user's own sets by name; none where there is no registry file.
 * @throws DatasetError where the file can't be read or an entry is not one
 */
export async function readRegistry(root: string): Promise<ReadonlyMap<string, OwnSet>> {
  let text: string;
  try {
    text = await readFile(join(root, registryFileName), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new DatasetError({
      source: registryFileName,
      field: 'text',
      value: message,
      expected: 'valid JSON',
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const expected = 'an object with a data set under each name';
    throw new DatasetError({ source: registryFileName, field: 'value', value, expected });
  }
  return new Map(Object.entries(value).map(([key, given]) => [checkName(key), checkEntry(key, given)]));
}

function checkName(key: string): string {
  if (name.safeParse(key).success) return key;
  throw new DatasetError({ source: registryFileName, field: 'name', value: key, expected: nameRule });
}

function checkEntry(key: string, given: unknown): OwnSet {
  const parsed = entry.safeParse(given);
  if (parsed.success) return parsed.data;
  const expected =
    'the path of an npz file, or {"train": {"images": …, "labels": …}, "test": {"images": …, "labels": …}} and ' +
    'perhaps "validation": {"images": …, "labels": …} or {"count": …, "seed": …}';
  throw new DatasetError({ source: registryFileName, field: key, value: given, expected });
}

/** The files that a set is read from. */
export function registryPaths(set: OwnSet): string[] {
  if (typeof set === 'string') return [set];
  const parts = [
    set.train,
    set.test,
    ...(set.validation !== undefined && 'images' in set.validation ? [set.validation] : []),
  ];
  const references = parts.flatMap(({ images, labels }) => [images, labels]);
  return [...new Set(references.map((text) => text.replace(/#[^#]*$/, '')))];
}
