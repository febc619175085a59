import type { IntegerValues } from '@bitkiln/core';
import type { Run } from '../plan/memory-plan.ts';
import { nameOf, typeOf, unsigned } from './integers.ts';
import type { CUnit } from './unit.ts';

/** How C reaches activations in the buffer. */
export interface Activations {
  /** The place of the activation at an index, as an unsigned expression, from such an expression. */
  at(index: string): string;
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
  declareAccess(unit, bits, raw);
  return {
    stride,
    at(index) {
      const scaled = stride === 1 ? index : `${index} * ${unsigned(stride)}`;
      return origin === 0 ? scaled : `${unsigned(origin)} + ${scaled}`;
    },
    load(place) {
      if (!values.signed) return `get${raw}(${place})`;
      const name = `get_${nameOf(values)}${whole ? '' : '_at_bit'}`;
      unit.declare(name, () => signedGetter(unit, name, raw, values));
      return `${name}(${place})`;
    },
    storeLevel(place, level) {
      const type = bits > 16 ? 'uint32_t' : bits > 8 ? 'uint16_t' : 'uint8_t';
      const code = values.signed && bits % 8 !== 0 ? `(${level}) & ${mask}` : level;
      return `put${raw}(${place}, (${type})(${code}));`;
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

function declareAccess(unit: CUnit, bits: number, raw: string): void {
  unit.declare(`access${raw}`, () => {
    if (raw.endsWith('_at_bit')) return bitwiseAccess(unit, bits, raw);
    if (bits === 8) return byteAccess(unit);
    if (bits === 16) return wordAccess(unit);
    return packedAccess(unit, bits);
  });
}

function byteAccess({ index }: CUnit): string {
  return `
static inline uint8_t get_8(${index} at)
{
return buffer[at];
}

static inline void put_8(${index} at, uint8_t value)
{
buffer[at] = value;
}
`;
}

function wordAccess({ index }: CUnit): string {
  return `
/* 16 bits, the low byte first. */
static inline uint16_t get_16(${index} at)
{
return (uint16_t)(buffer[at] | (uint16_t)buffer[at + 1] << 8);
}

static inline void put_16(${index} at, uint16_t value)
{
buffer[at] = (uint8_t)value;
buffer[at + 1] = (uint8_t)(value >> 8);
}
`;
}

function packedAccess({ index }: CUnit, bits: number): string {
  if (bits === 4) {
    return `
/* Two to a byte, the low half first. */
static inline uint8_t get_4(${index} at)
{
uint8_t pair = buffer[at >> 1];
if (at & 1) return (uint8_t)(pair >> 4);
return (uint8_t)(pair & 15);
}

static inline void put_4(${index} at, uint8_t value)
{
uint8_t pair = buffer[at >> 1];
if (at & 1) pair = (uint8_t)((pair & 15) | (value << 4));
else pair = (uint8_t)((pair & 240) | value);
buffer[at >> 1] = pair;
}
`;
  }
  const each = 8 / bits;
  const mask = 2 ** bits - 1;
  const shift = bits === 1 ? `at & ${each - 1}` : `(at & ${each - 1}) * ${bits}`;
  return `
/* ${each} to a byte, the lowest bits first. */
static inline uint8_t get_${bits}(${index} at)
{
return (uint8_t)((buffer[at / ${each}] >> (${shift})) & ${mask});
}

static inline void put_${bits}(${index} at, uint8_t value)
{
uint8_t shift = (uint8_t)(${shift});
uint8_t others = (uint8_t)(buffer[at / ${each}] & ~(${mask} << shift));
buffer[at / ${each}] = (uint8_t)(others | (value << shift));
}
`;
}

function bitwiseAccess(unit: CUnit, bits: number, raw: string): string {
  const type = bits > 16 ? 'uint32_t' : bits > 8 ? 'uint16_t' : 'uint8_t';
  unit.declare('bits', () => bitAccess(unit));
  return `
static inline ${type} get${raw}(${unit.index} at)
{
return (${type})get_bits(at, ${bits});
}

static inline void put${raw}(${unit.index} at, ${type} value)
{
put_bits(at, ${bits}, value);
}
`;
}

function bitAccess({ index }: CUnit): string {
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
