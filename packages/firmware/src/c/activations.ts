import type { IntegerValues } from '@bitkiln/core';
import type { Run } from '../plan/memory-plan.ts';
import { nameOf, times, typeOf, unsigned } from './integers.ts';
import type { CUnit } from './unit.ts';

/** How C reaches activations in the buffer. */
export interface Activations {
  /** The place of the activation at an index, as an unsigned expression, from such an expression. */
  at(index: string): string;
  /** The place of the first. */
  readonly origin: number;
  /** From one place to the next. */
  readonly stride: number;
  /** The integer at a place. */
  load(place: string): string;
  /** A statement that stores a level (the integer, or of a mid-rise one, 2 level + 1, the level) at a place. */
  storeLevel(place: string, level: string): string;
}

/**
 * Activations of 1, 2, 4, 8 and 16 bits are counted in units of their own width (bytes for 16 bits) wherever they
 * start on one, all others in bits.
 */
export function activationsAt(unit: CUnit, { base, bits }: Run, values: IntegerValues): Activations {
  const width = bits === 16 ? 8 : bits;
  const whole = [1, 2, 4, 8].includes(width) && base % width === 0;
  const raw = whole ? `_${bits}` : `_${bits}_at_bit`;
  const stride = whole ? bits / width : bits;
  const origin = whole ? base / width : base;
  const mask = 2 ** bits - 1;
  return {
    origin,
    stride,
    at(index) {
      const scaled = `${index}${times(stride)}`;
      return origin === 0 ? scaled : `${unsigned(origin)} + ${scaled}`;
    },
    load(place) {
      unit.declare(`get${raw}`, () => getter(unit, bits, raw));
      if (!values.signed) return `get${raw}(${place})`;
      const name = `get_${nameOf(values)}${whole ? '' : '_at_bit'}`;
      unit.declare(name, () => signedGetter(unit, name, raw, values));
      return `${name}(${place})`;
    },
    storeLevel(place, level) {
      unit.declare(`put${raw}`, () => putter(unit, bits, raw));
      const code = values.signed && bits % 8 !== 0 ? `(${level}) & ${mask}` : level;
      return `put${raw}(${place}, (${rawType(bits)})(${code}));`;
    },
  };
}

/** The level of an integer: what is stored. */
export function levelOf(value: string, { midRise }: IntegerValues): string {
  return midRise ? `(${value} - 1) / 2` : value;
}

function signedGetter(unit: CUnit, name: string, raw: string, values: IntegerValues): string {
  const { bits, midRise } = values;
  const type = bits > 16 ? 'int32_t' : typeOf(values);
  const half = 2 ** (bits - 1);
  const wide = bits > 8 ? 'int32_t' : 'int16_t';
  const level = `(${wide})((${wide})get${raw}(at) ^ ${half}) - ${half}`;
  const value = midRise ? `2 * (${level}) + 1` : level;
  return `
static inline ${type} ${name}(${unit.index} at)
{
return (${type})(${value});
}
`;
}

function rawType(bits: number): string {
  return bits > 16 ? 'uint32_t' : bits > 8 ? 'uint16_t' : 'uint8_t';
}

/** Where an element is, and how it reads: for the comment above a getter or a putter. */
function packing(bits: number): string {
  if (bits === 4) return 'Two to a byte, the low half first.';
  if (bits === 16) return '16 bits, the low byte first.';
  return bits === 8 ? 'One to a byte.' : `${8 / bits} to a byte, the lowest bits first.`;
}

/** Shift within its byte of an element of 1 or 2 bits. */
function shiftOf(bits: number): string {
  return bits === 1 ? 'at & 7' : '(at & 3) * 2';
}

function getter(unit: CUnit, bits: number, raw: string): string {
  const { index } = unit;
  let body: string;
  if (raw.endsWith('_at_bit')) {
    unit.declare('get_bits', () => bitGetter(unit));
    return `
static inline ${rawType(bits)} get${raw}(${index} at)
{
return (${rawType(bits)})get_bits(at, ${bits});
}
`;
  }
  if (bits === 8) body = 'return buffer[at];';
  else if (bits === 16) body = 'return (uint16_t)(buffer[at] | (uint16_t)buffer[at + 1] << 8);';
  else if (bits === 4) {
    body = `uint8_t pair = buffer[at >> 1];
if (at & 1) return (uint8_t)(pair >> 4);
return (uint8_t)(pair & 15);`;
  } else body = `return (uint8_t)((buffer[at / ${8 / bits}] >> (${shiftOf(bits)})) & ${2 ** bits - 1});`;
  return `
/* ${packing(bits)} */
static inline ${rawType(bits)} get${raw}(${index} at)
{
${body}
}
`;
}

function putter(unit: CUnit, bits: number, raw: string): string {
  const { index } = unit;
  let body: string;
  if (raw.endsWith('_at_bit')) {
    unit.declare('put_bits', () => bitPutter(unit));
    return `
static inline void put${raw}(${index} at, ${rawType(bits)} value)
{
put_bits(at, ${bits}, value);
}
`;
  }
  if (bits === 8) body = 'buffer[at] = value;';
  else if (bits === 16) body = 'buffer[at] = (uint8_t)value;\nbuffer[at + 1] = (uint8_t)(value >> 8);';
  else if (bits === 4) {
    body = `uint8_t pair = buffer[at >> 1];
if (at & 1) pair = (uint8_t)((pair & 15) | (value << 4));
else pair = (uint8_t)((pair & 240) | value);
buffer[at >> 1] = pair;`;
  } else {
    body = `uint8_t shift = (uint8_t)(${shiftOf(bits)});
uint8_t others = (uint8_t)(buffer[at / ${8 / bits}] & ~(${2 ** bits - 1} << shift));
buffer[at / ${8 / bits}] = (uint8_t)(others | (value << shift));`;
  }
  return `
/* ${packing(bits)} */
static inline void put${raw}(${index} at, ${rawType(bits)} value)
{
${body}
}
`;
}

function bitGetter({ index }: CUnit): string {
  return `
/* Bit by bit from the lowest: these widths do not divide a byte. */
static uint32_t get_bits(${index} at, uint8_t count)
{
uint32_t value = 0;
for (uint8_t bit = 0; bit < count; bit++, at++) {
value |= (uint32_t)((buffer[at >> 3] >> (at & 7)) & 1) << bit;
}
return value;
}
`;
}

function bitPutter({ index }: CUnit): string {
  return `
/* Bit by bit from the lowest: these widths do not divide a byte. */
static void put_bits(${index} at, uint8_t count, uint32_t value)
{
for (; count > 0; count--, at++, value >>= 1) {
uint8_t mask = (uint8_t)(1 << (at & 7));
if (value & 1) buffer[at >> 3] = (uint8_t)(buffer[at >> 3] | mask);
else buffer[at >> 3] = (uint8_t)(buffer[at >> 3] & ~mask);
}
}
`;
}
