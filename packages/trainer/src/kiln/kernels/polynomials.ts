import { expCoefficients, expLimit, ln2, logCoefficients, sinCoefficients } from '@bitkiln/core';
import { f32x4, i32x4, type V128, v128 } from '../assembler/expression.ts';
import type { FunctionBuilder } from '../assembler/function-builder.ts';

/** Each of these gives, lane by lane, the bits of its namesake in core's math/float32. */
function horner(coefficients: readonly number[], x: V128): V128 {
  return coefficients
    .slice(0, -1)
    .reduceRight((sum, c) => f32x4.add(f32x4.mul(sum, x), f32x4.const(c)), f32x4.const(coefficients.at(-1)!));
}

/** e^x; see exp32. */
export function emitExp(f: FunctionBuilder, x: V128): V128 {
  const clamped = f.let(f32x4.lesser(f32x4.greater(x, f32x4.const(expLimit)), f32x4.const(-expLimit)));
  const n = f.let(f32x4.nearest(f32x4.mul(clamped, f32x4.const(ln2.inverse))));
  const high = f32x4.sub(clamped, f32x4.mul(n, f32x4.const(ln2.high)));
  const r = f.let(f32x4.sub(high, f32x4.mul(n, f32x4.const(ln2.low))));
  const series = f32x4.mul(f32x4.mul(r, r), horner(expCoefficients, r));
  const power = f32x4.add(f32x4.add(series, r), f32x4.const(1));
  const exponent = i32x4.shiftLeft(i32x4.add(i32x4.truncate(n), i32x4.splatConst(127)), 23);
  const value = f32x4.mul(power, exponent);
  return v128.andNot(value, f32x4.lessThan(x, f32x4.const(expLimit)));
}

/** ln x for positive normal x; see log32. */
export function emitLog(f: FunctionBuilder, x: V128): V128 {
  const bits = f.let(x);
  const exponent = f.let(i32x4.shiftRightSigned(i32x4.sub(bits, i32x4.splatConst(0x3f3504f3)), 23));
  const m = f.let(f32x4.sub(i32x4.sub(bits, i32x4.shiftLeft(exponent, 23)), f32x4.const(1)));
  const square = f.let(f32x4.mul(m, m));
  const cubic = f32x4.mul(f32x4.mul(m, square), horner(logCoefficients, m));
  const tail = f32x4.sub(cubic, f32x4.mul(square, f32x4.const(0.5)));
  const scale = f.let(f32x4.fromI32(exponent));
  const low = f32x4.add(tail, f32x4.mul(scale, f32x4.const(ln2.low)));
  return f32x4.add(f32x4.add(low, m), f32x4.mul(scale, f32x4.const(ln2.high)));
}

/** cos(2 pi v) for v in [0, 1); see cosTurns32. */
export function emitCosTurns(f: FunctionBuilder, v: V128): V128 {
  const q = f.let(f32x4.sub(f32x4.abs(f32x4.sub(v, f32x4.const(0.5))), f32x4.const(0.25)));
  return f32x4.mul(q, horner(sinCoefficients, f.let(f32x4.mul(q, q))));
}
