import { float32Bytes, signed, unsigned } from './encoding.ts';

export type ValueType = 'i32' | 'v128';

/** Code that leaves one value of a known type on the stack. Expressions are trees: each use emits it anew. */
export interface Expression<T extends ValueType> {
  readonly type: T;
  readonly code: readonly number[];
}

export type I32 = Expression<'i32'>;
/** Four lanes: single-precision floats, or 32-bit integers and masks. */
export type V128 = Expression<'v128'>;

/** A memory operand: an address plus a constant offset in bytes. */
export interface Place {
  readonly address: I32;
  readonly offset: number;
}

export function at(address: I32, offset = 0): Place {
  return { address, offset };
}

const simdPrefix = 0xfd;

function simd(opcode: number): number[] {
  return [simdPrefix, ...unsigned(opcode)];
}

function expression<T extends ValueType>(type: T, ...parts: readonly (readonly number[])[]): Expression<T> {
  return { type, code: parts.flat() };
}

function memoryOperand(align: number, offset: number): number[] {
  return [...unsigned(align), ...unsigned(offset)];
}

export const i32 = {
  const: (value: number): I32 => expression('i32', [0x41, ...signed(value)]),
  add: (a: I32, b: I32): I32 => expression('i32', a.code, b.code, [0x6a]),
  mul: (a: I32, b: I32): I32 => expression('i32', a.code, b.code, [0x6c]),
  load: (place: Place): I32 =>
    expression('i32', place.address.code, [0x28, ...memoryOperand(2, place.offset)]),
};

const unary = (opcode: number) => (a: V128) => expression('v128', a.code, simd(opcode));
const binary = (opcode: number) => (a: V128, b: V128) => expression('v128', a.code, b.code, simd(opcode));
const shift = (opcode: number) => (a: V128, bits: number) =>
  expression('v128', a.code, i32.const(bits).code, simd(opcode));

export const v128 = {
  load: (place: Place): V128 =>
    expression('v128', place.address.code, simd(0x00), memoryOperand(4, place.offset)),
  /** One float or integer from memory into all lanes. */
  loadSplat: (place: Place): V128 =>
    expression('v128', place.address.code, simd(0x09), memoryOperand(2, place.offset)),
  and: binary(0x4e),
  /** a and not b. */
  andNot: binary(0x4f),
  or: binary(0x50),
  xor: binary(0x51),
  /** Bits of a where the mask is 1, else of b. */
  select: (a: V128, b: V128, mask: V128): V128 => expression('v128', a.code, b.code, mask.code, simd(0x52)),
  /** Lanes of a (0 to 3) and b (4 to 7). */
  shuffle: (a: V128, b: V128, lanes: readonly [number, number, number, number]): V128 =>
    expression(
      'v128',
      a.code,
      b.code,
      simd(0x0d),
      lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte)),
    ),
};

export const f32x4 = {
  const: (value: number): V128 => {
    const bytes = float32Bytes(value);
    return expression('v128', simd(0x0c), bytes, bytes, bytes, bytes);
  },
  nearest: unary(0x6a),
  floor: unary(0x68),
  abs: unary(0xe0),
  sqrt: unary(0xe3),
  add: binary(0xe4),
  sub: binary(0xe5),
  mul: binary(0xe6),
  div: binary(0xe7),
  /** b < a ? b : a, one instruction everywhere. */
  lesser: binary(0xea),
  /** a < b ? b : a, one instruction everywhere. */
  greater: binary(0xeb),
  equal: binary(0x41),
  lessThan: binary(0x43),
  greaterThan: binary(0x44),
  lessOrEqual: binary(0x45),
  greaterOrEqual: binary(0x46),
  fromI32: unary(0xfa),
  /** a b + c, fused or not as the hardware likes (relaxed SIMD). */
  relaxedMultiplyAdd: (a: V128, b: V128, c: V128): V128 =>
    expression('v128', a.code, b.code, c.code, simd(0x105)),
};

export const i32x4 = {
  const: (...lanes: readonly [number, number, number, number]): V128 =>
    expression('v128', simd(0x0c), [...new Uint8Array(new Int32Array(lanes).buffer)]),
  splat: (value: I32): V128 => expression('v128', value.code, simd(0x11)),
  splatConst: (value: number): V128 => i32x4.const(value, value, value, value),
  replaceLane: (vector: V128, lane: number, value: I32): V128 =>
    expression('v128', vector.code, value.code, simd(0x1c), [lane]),
  add: binary(0xae),
  sub: binary(0xb1),
  mul: binary(0xb5),
  equal: binary(0x37),
  shiftLeft: shift(0xab),
  shiftRightSigned: shift(0xac),
  shiftRight: shift(0xad),
  truncate: unary(0xf8),
};

export const i8x16 = {
  const: (bytes: readonly number[]): V128 => expression('v128', simd(0x0c), bytes),
  /** Byte i of the result is byte `indices[i]` of a, or 0 where that is above 15. */
  swizzle: binary(0x0e),
};
