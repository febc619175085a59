/** An idx file's array: row-major, one unsigned byte an element. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** A file that is no idx array of bytes; the message says what is wrong with it. */
export class IdxError extends Error {
  override readonly name = 'IdxError';
  readonly field: string;
  readonly value: unknown;
  readonly expected: string;

  constructor(field: string, value: unknown, expected: string, fault?: string) {
    super(fault ?? `${field} is ${value}; expected ${expected}`);
    this.field = field;
    this.value = value;
    this.expected = expected;
  }
}

const typeNames: Readonly<Record<number, string>> = {
  8: 'unsigned 8-bit integers',
  9: 'signed 8-bit integers',
  11: '16-bit integers',
  12: '32-bit integers',
  13: '32-bit floats',
  14: '64-bit floats',
};
const maximumAxes = 4;
/** No array may hold more: 2 GiB. */
const maximumElements = 2 ** 31;

/**
 * Reads an idx file of unsigned bytes (the format of MNIST): two zero bytes, the type, the number of axes, each
 * axis as a big-endian 32-bit number, then the elements. `data` is a view of `bytes`.
 * @throws IdxError
 */
export function parseIdx(bytes: Uint8Array): IdxArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const axes = checkHeader(bytes);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  const empty = shape.indexOf(0);
  if (empty !== -1) throw new IdxError(`axis ${empty}`, 0, 'at least 1');
  const elements = shape.reduce((product, axis) => product * axis, 1);
  if (elements > maximumElements) {
    throw new IdxError('elements', elements, `at most ${maximumElements}`);
  }
  const start = 4 + 4 * axes;
  const given = bytes.length - start;
  if (given !== elements) {
    const fault = given < elements ? 'the file is cut off' : 'the file has bytes to spare';
    const expected = `${elements} elements for its ${shape.join('x')} array`;
    throw new IdxError('elements', given, expected, `${fault}: ${given} elements; expected ${expected}`);
  }
  return { shape, data: bytes.subarray(start) };
}

function checkHeader(bytes: Uint8Array): number {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    throw new IdxError('magic', '1f8b', '0000', 'the file is gzip-compressed; expected it unpacked');
  }
  if (bytes.length < 4) {
    throw new IdxError('length', bytes.length, 'at least the 4 bytes of an idx header');
  }
  const [zero0, zero1, type, axes] = bytes as unknown as [number, number, number, number];
  if (zero0 !== 0 || zero1 !== 0) {
    const magic = [zero0, zero1].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    throw new IdxError('magic', magic, '0000, as every idx file begins');
  }
  if (type !== 0x08) {
    const named = typeNames[type] ?? `of the unknown type 0x${type.toString(16).padStart(2, '0')}`;
    const expected = 'unsigned 8-bit integers';
    throw new IdxError('type', type, expected, `the elements are ${named}; expected ${expected}`);
  }
  if (axes < 1 || axes > maximumAxes) throw new IdxError('axes', axes, `1 to ${maximumAxes}`);
  const headerBytes = 4 + 4 * axes;
  if (bytes.length < headerBytes) {
    throw new IdxError(
      'length',
      bytes.length,
      `at least the ${headerBytes} bytes of a header with ${axes} axes`,
    );
  }
  return axes;
}
