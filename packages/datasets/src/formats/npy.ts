import { DatasetError } from '../dataset-error.ts';
import type { ByteArray } from './byte-array.ts';

/** Whole-number types of NumPy that hold class indices, by their `descr`. */
const readers: Readonly<Record<string, { bytes: number; read(view: DataView, at: number): number }>> = {
  '|u1': { bytes: 1, read: (view, at) => view.getUint8(at) },
  '|i1': { bytes: 1, read: (view, at) => view.getInt8(at) },
  '<u2': { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  '<i2': { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  '<u4': { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  '<i4': { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  '<u8': { bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
  '<i8': { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
};

/**
 * Reads NumPy's npy format (versions 1 to 3): a whole-number array whose values lie between 0 and 255, in C order.
 * @param source what error messages call the array
 * @throws DatasetError
 */
export function readNpy(bytes: Uint8Array, source: string): ByteArray {
  const { descr, shape, dataAt } = readHeader(bytes, source);
  const reader = readers[descr];
  if (reader === undefined) {
    const expected = `one of ${Object.keys(readers).join(', ')} (pixels as unsigned bytes from 0 to 255: x.astype('u1'))`;
    throw new DatasetError({ source, field: 'descr', value: descr, expected });
  }
  const count = elementCount(shape);
  const dataBytes = bytes.length - dataAt;
  if (dataBytes !== count * reader.bytes) {
    const expected = `${count * reader.bytes} for shape (${shape.join(', ')}) of ${descr}`;
    throw new DatasetError({ source, field: 'data bytes', value: dataBytes, expected });
  }
  if (descr === '|u1') return { shape, data: bytes.subarray(dataAt) };
  const view = new DataView(bytes.buffer, bytes.byteOffset + dataAt, dataBytes);
  const data = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const value = reader.read(view, i * reader.bytes);
    if (value < 0 || value > 255) {
      throw new DatasetError({ source, field: `element ${i}`, value, expected: '0 to 255' });
    }
    data[i] = value;
  }
  return { shape, data };
}

interface NpyHeader {
  readonly descr: string;
  readonly shape: readonly number[];
  readonly dataAt: number;
}

function readHeader(bytes: Uint8Array, source: string): NpyHeader {
  const magic = String.fromCharCode(...bytes.subarray(0, 6));
  if (magic !== '\x93NUMPY') {
    throw new DatasetError({
      source,
      field: 'first bytes',
      value: magic,
      expected: '"\\x93NUMPY" (a npy file)',
    });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const major = bytes[6] ?? 0;
  if (major < 1 || major > 3) {
    throw new DatasetError({ source, field: 'npy version', value: major, expected: '1, 2 or 3' });
  }
  const textAt = major === 1 ? 10 : 12;
  const length = bytes.length < textAt ? 0 : major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataAt = textAt + length;
  if (bytes.length < dataAt || length === 0) {
    throw new DatasetError({
      source,
      field: 'file bytes',
      value: bytes.length,
      expected: `a header of ${length} bytes`,
    });
  }
  return { ...parseHeader(new TextDecoder().decode(bytes.subarray(textAt, dataAt)), source), dataAt };
}

/** The header is a Python dict literal with the keys descr, fortran_order and shape. */
function parseHeader(text: string, source: string): Omit<NpyHeader, 'dataAt'> {
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const axes = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || axes === undefined) {
    const expected = "a dict with 'descr' (a plain type), 'fortran_order' and 'shape'";
    throw new DatasetError({ source, field: 'npy header', value: text.trim(), expected });
  }
  if (order === 'True') {
    const expected = 'False (C order: np.ascontiguousarray(x))';
    throw new DatasetError({ source, field: 'fortran_order', value: order, expected });
  }
  const shape = axes
    .split(',')
    .filter((axis) => axis.trim() !== '')
    .map(Number);
  if (!shape.every(Number.isSafeInteger) || !Number.isSafeInteger(elementCount(shape))) {
    throw new DatasetError({ source, field: 'shape', value: shape, expected: 'whole numbers' });
  }
  return { descr, shape };
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, axis) => product * axis, 1);
}
