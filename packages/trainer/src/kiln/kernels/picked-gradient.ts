import { at, f32x4, i32, i32x4, v128 } from '../assembler/expression.ts';
import type { FunctionBuilder } from '../assembler/function-builder.ts';
import { emitByChannel } from './activation-gradient.ts';
import type { KernelContext } from './context.ts';
import { lanes4 } from './correlation.ts';
import { requireSparse } from './sparse-convolution.ts';

/**
 * Backward pass of max pooling op `poolIndex` and of the ReLU and quantizer before it. In place, the pooled map's
 * gradients become those of each window's first largest element; `picked` gets where its kernel place lies.
 */
export function emitPickedGradient(f: FunctionBuilder, context: KernelContext, poolIndex: number): void {
  const { op, pool, sparse, inputRow, inputCol } = requireSparse(context, poolIndex - 1);
  const { maps } = context.plan;
  const source = maps[poolIndex]!;
  const target = maps[poolIndex + 1]!;
  const { channels, cols } = op.output;
  const places = Array.from({ length: pool.pool ** 2 }, (_, i) => {
    const [row, col] = [Math.floor(i / pool.pool), i % pool.pool];
    return {
      element: (row * cols + col) * channels * lanes4,
      input: row * op.strideRows * inputRow + col * op.strideCols * inputCol,
    };
  });
  emitByChannel(f, context, poolIndex - 1, (channelBytes, mask) => {
    const window = f.let(channelBytes);
    const pooled = f.let(channelBytes);
    const inputBase = f.let(i32.const(0));
    f.repeat(pool.output.rows, () => {
      f.repeat(pool.output.cols, () => {
        const largest = f.let(v128.load(at(pooled, target.value)));
        const offset = f.let(i32x4.splatConst(0));
        const exact = f.let(largest);
        for (const place of [...places].reverse()) {
          const chosen = f.let(f32x4.equal(v128.load(at(window, source.value + place.element)), largest));
          f.set(offset, v128.select(i32x4.splatConst(place.input), offset, chosen));
          if (source.unquantized !== source.value) {
            const value = v128.load(at(window, source.unquantized + place.element));
            f.set(exact, v128.select(value, exact, chosen));
          }
        }
        f.storeVector(at(pooled, sparse.picked), i32x4.add(offset, i32x4.splat(inputBase)));
        const gradientPlace = at(pooled, target.gradient!);
        f.storeVector(
          gradientPlace,
          mask(f.let(v128.load(gradientPlace)), () => exact),
        );
        f.increase(window, pool.pool * channels * lanes4);
        f.increase(pooled, channels * lanes4);
        f.increase(inputBase, pool.pool * op.strideCols * inputCol);
      });
      f.increase(window, (pool.pool * cols - pool.output.cols * pool.pool) * channels * lanes4);
      f.increase(
        inputBase,
        pool.pool * op.strideRows * inputRow - pool.output.cols * pool.pool * op.strideCols * inputCol,
      );
    });
  });
}
