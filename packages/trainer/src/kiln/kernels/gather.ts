import { elements } from '@bitkiln/core';
import { at, f32x4, i32, i32x4, type V128 } from '../assembler/expression.ts';
import type { FunctionBuilder } from '../assembler/function-builder.ts';
import type { KernelContext } from './context.ts';
import { lanes4 } from './correlation.ts';

/** Spreads four samples' bytes over the lanes of the input map, divided by 256. */
export function emitGather(f: FunctionBuilder, { program, plan }: KernelContext): void {
  const pixel = f.let(i32.const(0));
  const element = f.let(i32.const(0));
  f.repeat(elements(program.input), () => {
    const byte = (sample: number) => i32.loadByte(at(pixel, plan.pixels + sample * plan.pixelBytes));
    const lanes = [1, 2, 3].reduce<V128>(
      (vector, sample) => i32x4.replaceLane(vector, sample, byte(sample)),
      i32x4.splat(byte(0)),
    );
    f.storeVector(at(element, plan.maps[0]!.value), f32x4.mul(f32x4.fromI32(lanes), f32x4.const(1 / 256)));
    f.increase(pixel, 1);
    f.increase(element, lanes4);
  });
}
