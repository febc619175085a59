/** The bytes of an idx file of unsigned bytes. */
export function idx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head.writeUInt8(8, 2);
  head.writeUInt8(shape.length, 3);
  for (const [axis, length] of shape.entries()) head.writeUInt32BE(length, 4 + 4 * axis);
  return Buffer.concat([head, data]);
}

/** The bytes of a npy file, version 1; floats are given as their bytes. */
export function npy(
  descr: string,
  shape: readonly number[],
  values: ArrayLike<number>,
  fortran = false,
): Uint8Array {
  const axes = shape.map((axis) => `${axis},`).join(' ');
  const dict = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${axes}), }`;
  const header = `${dict.padEnd(Math.ceil((dict.length + 11) / 64) * 64 - 11)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  return Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
    length,
    Buffer.from(header),
    body(descr, values),
  ]);
}

function body(descr: string, values: ArrayLike<number>): Uint8Array {
  const list = Array.from(values);
  switch (descr) {
    case '<u2':
      return new Uint8Array(Uint16Array.from(list).buffer);
    case '<i4':
      return new Uint8Array(Int32Array.from(list).buffer);
    case '<i8':
      return new Uint8Array(BigInt64Array.from(list, BigInt).buffer);
    default:
      return Uint8Array.from(list);
  }
}
