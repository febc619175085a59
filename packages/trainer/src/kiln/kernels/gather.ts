import { elements } from '@bitkiln/core';
import { at, f32x4, i8x16, i32, i32x4, type V128 } from '../assembler/expression.ts';
import type { FunctionBuilder } from '../assembler/function-builder.ts';
import type { KernelContext } from './context.ts';
import { lanes4 } from './correlation.ts';

const pixelsAtOnce = 4;
const none = 255;

/** Spreads four samples' bytes over the lanes of the input map, divided by 256: four pixels of each at a time. */
export function emitGather(f: FunctionBuilder, { program, plan }: KernelContext): void {
  const pixel = f.let(i32.const(0));
  const element = f.let(i32.const(0));
  f.repeat(Math.ceil(elements(program.input) / pixelsAtOnce), () => {
    const word = (sample: number) => i32.load(at(pixel, plan.pixels + sample * plan.pixelBytes));
    const words = f.let(
      [1, 2, 3].reduce<V128>(
        (vector, sample) => i32x4.replaceLane(vector, sample, word(sample)),
        i32x4.splat(word(0)),
      ),
    );
    for (let i = 0; i < pixelsAtOnce; i++) {
      const bytes = [0, 1, 2, 3].flatMap((sample) => [sample * pixelsAtOnce + i, none, none, none]);
      const lanes = f32x4.fromI32(i8x16.swizzle(words, i8x16.const(bytes)));
      f.storeVector(at(element, plan.maps[0]!.value + i * lanes4), f32x4.mul(lanes, f32x4.const(1 / 256)));
    }
    f.increase(pixel, pixelsAtOnce);
    f.increase(element, pixelsAtOnce * lanes4);
  });
}
