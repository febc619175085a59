import type { Dataset, ImageSet, Shape } from '@bitkiln/core';
import { z } from 'zod';
import { DatasetError } from '../dataset-error.ts';

/*
 * A packed data set is one file, the same bytes wherever it is made, and its SHA-256 is the data set's identity:
 *
 *   8 bytes   "bitkiln1"
 *   4 bytes   length of the header, unsigned, little-endian
 *   header    JSON in UTF-8, padded with spaces so that the pixels start at a multiple of 64 bytes:
 *             {"shape":{"rows":28,"cols":28,"channels":1},"classes":10,
 *              "counts":{"train":50000,"validation":10000,"test":10000}}
 *   pixels    train, validation, test: count x rows x cols x channels bytes each
 *   labels    train, validation, test: count bytes each
 *
 * The name is not in it: a set that is renamed stays the same set.
 */
const magic = 'bitkiln1';
const prefixBytes = 12;
const alignment = 64;
const maximumHeaderBytes = 4096;

const splitNames = ['train', 'validation', 'test'] as const;
type SplitName = (typeof splitNames)[number];

const axis = z.int().min(1).max(4096);
const count = z
  .int()
  .min(1)
  .max(2 ** 31);
const headerSchema = z.strictObject({
  shape: z.strictObject({ rows: axis, cols: axis, channels: axis }),
  classes: z.int().min(2).max(256),
  counts: z.strictObject({ train: count, validation: count, test: count }),
});

interface PackedHeader {
  readonly shape: Shape;
  readonly classes: number;
  readonly counts: Readonly<Record<SplitName, number>>;
}

/** Where everything lies in a packed data set. */
export interface PackedLayout {
  readonly header: PackedHeader;
  /** Magic, length and header, padding included. */
  readonly head: Uint8Array;
  readonly totalBytes: number;
}

/** The layout of a data set's packed form. */
export function packedLayout({ shape, classes, train, validation, test }: DatasetParts): PackedLayout {
  const { rows, cols, channels } = shape;
  const counts = { train: train.count, validation: validation.count, test: test.count };
  const header: PackedHeader = { shape: { rows, cols, channels }, classes, counts };
  const json = JSON.stringify(header);
  const headerBytes = Math.ceil((prefixBytes + json.length) / alignment) * alignment - prefixBytes;
  const head = new Uint8Array(prefixBytes + headerBytes);
  head.set(new TextEncoder().encode(magic + ' '.repeat(4) + json.padEnd(headerBytes)));
  new DataView(head.buffer).setUint32(magic.length, headerBytes, true);
  return { header, head, totalBytes: head.length + bodyBytes(header) };
}

/** A data set but for its name and identity. */
export type DatasetParts = Omit<Dataset, 'name' | 'sha256'>;

/**
 * The data set in these bytes, which stay its memory.
 * @param source what error messages call the bytes
 * @throws DatasetError
 */
export function readPacked(bytes: Uint8Array, source: string): DatasetParts {
  const headerBytes = readPrefix(bytes, source);
  const start = prefixBytes + headerBytes;
  const header = readHeader(bytes.subarray(prefixBytes, start), source);
  const totalBytes = start + bodyBytes(header);
  if (bytes.length !== totalBytes) {
    throw new DatasetError({
      source,
      field: 'bytes',
      value: bytes.length,
      expected: `${totalBytes} by its header`,
    });
  }
  const { shape, classes, counts } = header;
  const pixels = shape.rows * shape.cols * shape.channels;
  const labelsStart = start + pixels * (counts.train + counts.validation + counts.test);
  const split = (name: SplitName, before: number): ImageSet => {
    const images = bytes.subarray(start + before * pixels, start + (before + counts[name]) * pixels);
    const labels = bytes.subarray(labelsStart + before, labelsStart + before + counts[name]);
    checkLabels(labels, classes, `${source}, ${name}`);
    return { images, labels, count: counts[name] };
  };
  return {
    shape,
    classes,
    train: split('train', 0),
    validation: split('validation', counts.train),
    test: split('test', counts.train + counts.validation),
  };
}

/** The parts of a packed data set in the order in which they stand after the head. */
export function packedBody(parts: DatasetParts): Uint8Array[] {
  const splits = splitNames.map((name) => parts[name]);
  return [...splits.map(({ images }) => images), ...splits.map(({ labels }) => labels)];
}

function checkLabels(labels: Uint8Array, classes: number, source: string): void {
  const at = labels.findIndex((label) => label >= classes);
  if (at === -1) return;
  throw new DatasetError({
    source,
    field: `label ${at}`,
    value: labels[at],
    expected: `0 to ${classes - 1}`,
  });
}

function bodyBytes({ shape, counts }: PackedHeader): number {
  const images = counts.train + counts.validation + counts.test;
  return images * (shape.rows * shape.cols * shape.channels + 1);
}

function readPrefix(bytes: Uint8Array, source: string): number {
  const found = String.fromCharCode(...bytes.subarray(0, magic.length));
  if (found !== magic) {
    throw new DatasetError({ source, field: 'first bytes', value: found, expected: `"${magic}"` });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = bytes.length < prefixBytes ? 0 : view.getUint32(magic.length, true);
  if (headerBytes === 0 || headerBytes > maximumHeaderBytes || bytes.length < prefixBytes + headerBytes) {
    const expected = `1 to ${maximumHeaderBytes}, within the file's ${bytes.length} bytes`;
    throw new DatasetError({ source, field: 'header length', value: headerBytes, expected });
  }
  return headerBytes;
}

function readHeader(bytes: Uint8Array, source: string): PackedHeader {
  const text = Buffer.from(bytes).toString('utf8');
  try {
    return headerSchema.parse(JSON.parse(text));
  } catch {
    const expected = 'JSON with shape, classes and counts';
    throw new DatasetError({ source, field: 'header', value: text.trim(), expected });
  }
}
