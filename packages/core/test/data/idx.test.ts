import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdxError, parseIdx } from '../../src/index.ts';

/** An idx file as its format says, written independently of the reader. */
function idx(shape: readonly number[], data: readonly number[], type = 0x08): Uint8Array {
  const axes = shape.flatMap((axis) => [axis >>> 24, (axis >>> 16) & 255, (axis >>> 8) & 255, axis & 255]);
  return Uint8Array.from([0, 0, type, shape.length, ...axes, ...data]);
}

describe('parseIdx', () => {
  it('reads what was written', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 });
    const files = shapes.chain((shape) => {
      const length = shape.reduce((product, axis) => product * axis, 1);
      const data = fc.array(fc.nat(255), { minLength: length, maxLength: length });
      return fc.tuple(fc.constant(shape), data);
    });
    fc.assert(
      fc.property(files, fc.nat(9), ([shape, data], before) => {
        const file = idx(shape, data);
        const padded = new Uint8Array(file.length + before);
        padded.set(file, before);
        const array = parseIdx(padded.subarray(before));
        expect(array.shape).toEqual(shape);
        expect([...array.data]).toEqual(data);
      }),
    );
  });

  it('reads axes above 255', () => {
    expect(parseIdx(idx([65_793], new Array(65_793).fill(1))).shape).toEqual([65_793]);
  });

  it('shares the bytes of the file', () => {
    const file = idx([2], [1, 2]);
    file[8] = 9;
    expect([...parseIdx(file).data]).toEqual([9, 2]);
    expect(parseIdx(file).data.buffer).toBe(file.buffer);
  });

  it.each([
    ['an empty file', new Uint8Array(), 'length is 0; expected at least the 4 bytes of an idx header'],
    ['a gzip file', Uint8Array.of(0x1f, 0x8b, 8, 0), 'the file is gzip-compressed; expected it unpacked'],
    [
      'a PNG',
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47),
      'magic is 8950; expected 0000, as every idx file begins',
    ],
    [
      'floats',
      idx([1], [0, 0, 0, 0], 0x0d),
      'the elements are 32-bit floats; expected unsigned 8-bit integers',
    ],
    [
      'an unknown type',
      idx([1], [0], 0x2a),
      'the elements are of the unknown type 0x2a; expected unsigned 8-bit integers',
    ],
    ['no axes', idx([], [1]), 'axes is 0; expected 1 to 4'],
    ['five axes', idx([1, 1, 1, 1, 1], [1]), 'axes is 5; expected 1 to 4'],
    [
      'half a header',
      idx([2, 2], []).subarray(0, 9),
      'length is 9; expected at least the 12 bytes of a header with 2 axes',
    ],
    ['an empty axis', idx([2, 0], []), 'axis 1 is 0; expected at least 1'],
    [
      'a cut file',
      idx([2, 2], [1, 2, 3]),
      'the file is cut off: 3 elements; expected 4 elements for its 2x2 array',
    ],
    [
      'a long file',
      idx([2], [1, 2, 3]),
      'the file has bytes to spare: 3 elements; expected 2 elements for its 2 array',
    ],
    ['a huge claim', idx([0xffffffff, 2], [1]), 'elements is 8589934590; expected at most 2147483648'],
  ])('says what is wrong with %s', (_, bytes, message) => {
    const error = (() => {
      try {
        return parseIdx(bytes);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(IdxError);
    expect((error as IdxError).message).toBe(message);
  });
});
