import { elements } from '@bitkiln/core';
import { at, type I32, i32, v128 } from '../assembler/expression.ts';
import type { FunctionBuilder } from '../assembler/function-builder.ts';
import type { KernelContext } from './context.ts';
import { lanes4 } from './correlation.ts';
import { type ChannelTiles, channelTiles } from './tiling.ts';

/** Inputs by outputs of the register tile. */
const tileSide = 3;

function densePlan({ program, plan }: KernelContext, index: number) {
  const kept = plan.dense[index] ?? null;
  const op = program.ops[index]!;
  if (kept === null || op.kind !== 'dense') throw new TypeError(`op ${index} is not dense`);
  return { op, kept, inputs: elements(op.input), outputs: op.output.channels };
}

/** Keeps a group quarter's input and output gradient in place `slot` of the block. */
export function emitKeepDense(f: FunctionBuilder, context: KernelContext, index: number, slot: I32): void {
  const { kept, inputs, outputs } = densePlan(context, index);
  const { maps } = context.plan;
  for (const { from, to, count } of [
    { from: maps[index]!.value, to: kept.inputs, count: inputs },
    { from: maps[index + 1]!.gradient!, to: kept.gradients, count: outputs },
  ]) {
    const source = f.let(i32.const(0));
    const target = f.let(i32.mul(slot, i32.const(count * lanes4)));
    f.repeat(count, () => {
      f.storeVector(at(target, to), v128.load(at(source, from)));
      f.increase(source, lanes4);
      f.increase(target, lanes4);
    });
  }
}

/** Adds to the kernel's running gradient input times output gradient of the first `count` kept, in their order. */
export function emitAddDense(f: FunctionBuilder, context: KernelContext, index: number, count: I32): void {
  const { inputs, outputs } = densePlan(context, index);
  for (const rows of channelTiles(inputs, tileSide)) {
    const input = f.let(i32.const(rows.first * lanes4));
    const row = f.let(i32.const(rows.first * outputs * lanes4));
    f.repeat(rows.count, () => {
      for (const cols of channelTiles(outputs, tileSide)) {
        const output = f.let(i32.const(cols.first * lanes4));
        f.repeat(cols.count, () => {
          emitTile(f, context, index, { rows, cols, input, output, row, count });
          f.increase(output, cols.width * lanes4);
        });
      }
      f.increase(input, rows.width * lanes4);
      f.increase(row, rows.width * outputs * lanes4);
    });
  }
}

interface DenseTile {
  readonly rows: ChannelTiles;
  readonly cols: ChannelTiles;
  readonly input: I32;
  readonly output: I32;
  readonly row: I32;
  readonly count: I32;
}

function emitTile(f: FunctionBuilder, context: KernelContext, index: number, tile: DenseTile): void {
  const { op, kept, inputs, outputs } = densePlan(context, index);
  const running = context.plan.gradients + op.kernel.offset * lanes4;
  const element = f.let(i32.add(tile.row, tile.output));
  const sums = Array.from({ length: tile.rows.width }, (_, r) =>
    Array.from({ length: tile.cols.width }, (_, c) => {
      const place = at(element, running + (r * outputs + c) * lanes4);
      return { place, sum: f.let(v128.load(place)) };
    }),
  );
  const input = f.let(tile.input);
  const output = f.let(tile.output);
  f.countDown(f.let(tile.count), () => {
    const gradients = sums[0]!.map((_, c) => f.let(v128.load(at(output, kept.gradients + c * lanes4))));
    for (const [r, row] of sums.entries()) {
      const x = f.let(v128.load(at(input, kept.inputs + r * lanes4)));
      for (const [c, { sum }] of row.entries()) f.set(sum, context.multiplyAdd(x, gradients[c]!, sum));
    }
    f.increase(input, inputs * lanes4);
    f.increase(output, outputs * lanes4);
  });
  for (const { place, sum } of sums.flat()) f.storeVector(place, sum);
}
