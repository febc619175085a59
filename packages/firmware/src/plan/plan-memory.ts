import { elements, type Program, type Shape, type Strategy } from '@bitkiln/core';
import { deviceActivationBytes } from '../device-bytes.ts';
import { createLayout, type Layout, rowMajor, sameLayout } from '../layout/layout.ts';
import { inputPeel, rowsThenColumns } from '../layout/peel.ts';
import type { MapPlace, MemoryPlan, Step } from './memory-plan.ts';
import { layoutsFor, offsetFor, residualRing, walksFor } from './needs.ts';
import {
  type DenseStage,
  type ReceiveStage,
  type ResidualStage,
  type SlideStage,
  type Stage,
  stagesOf,
} from './stage.ts';

interface Planner {
  readonly strategy: Strategy;
  /** Of the buffer, in bits. */
  readonly size: number;
  readonly stages: readonly Stage[];
  readonly steps: Step[];
}

/** Places every map of a network in one buffer of `deviceActivationBytes`, rounded up. */
export function planMemory(program: Program, strategy: Strategy): MemoryPlan {
  const bufferBytes = Math.ceil(deviceActivationBytes(program, strategy));
  const stages = stagesOf(program);
  const planner: Planner = { strategy, size: 8 * bufferBytes, stages, steps: [] };
  let map = planReceive(planner, stages[0]);
  for (const [index, stage] of stages.entries()) {
    if (stage.kind === 'slide') map = planSlide(planner, stage, index, map);
    else if (stage.kind === 'residual') map = planResidual(planner, stage, map);
    else if (stage.kind === 'dense') map = planDense(planner, stage, map);
  }
  return { strategy, bufferBytes, steps: planner.steps };
}

function bitsOf({ shape, bits }: { readonly shape: Shape; readonly bits: number }): number {
  return elements(shape) * bits;
}

function planReceive(planner: Planner, stage: ReceiveStage): MapPlace {
  const { output: shape, outputBits: bits, sumBits } = stage;
  const row = shape.cols * shape.channels;
  const wide = Math.max(16, 8 * Math.ceil(sumBits / 8));
  const map = { shape, bits, base: planner.size - bitsOf({ shape, bits }), layout: layoutWanted(planner, 0) };
  if (sumBits === 0) return push(planner, { kind: 'receive', stage, output: map, sums: null }, map);
  const apart = [wide, sumBits].find((width) => row * width <= map.base);
  if (apart !== undefined) {
    return push(planner, { kind: 'receive', stage, output: map, sums: { base: 0, bits: apart } }, map);
  }
  const sums = { base: planner.size - row * sumBits, bits: sumBits };
  const low = { ...map, base: 0, layout: rowMajor(shape.rows, shape.cols) };
  return push(planner, { kind: 'receive', stage, output: low, sums }, low);
}

function push(planner: Planner, step: Step, map: MapPlace): MapPlace {
  planner.steps.push(step);
  return map;
}

/** The layout in which the stage behind `index` would best find its input. */
function layoutWanted({ stages, strategy, size }: Planner, index: number): Layout {
  const { rows, cols } = stages[index]!.output;
  for (let i = index + 1; i < stages.length; i++) {
    const stage = stages[i]!;
    if (stage.kind !== 'slide') break;
    if (stage.what === 'quantize') continue;
    for (const walk of walksFor(stage, strategy)) {
      const wanted = layoutsFor(stage, walk);
      if (offsetFor(stage, strategy, wanted.input, wanted.output) + bitsOfInput(stage) <= size)
        return wanted.input;
    }
  }
  return rowMajor(rows, cols);
}

function bitsOfInput({ input, inputBits }: Stage): number {
  return elements(input) * inputBits;
}

function planSlide(planner: Planner, stage: SlideStage, index: number, map: MapPlace): MapPlace {
  const room = planner.size - bitsOf(map);
  for (const [input, output] of slideLayouts(planner, stage, index, map)) {
    const offset = offsetFor(stage, planner.strategy, input, output);
    if (offset > room) continue;
    const grows = stage.output.channels > stage.input.channels * stage.strideRows * stage.strideCols;
    let from = permuted(planner, map, input);
    if (offset > from.base || grows) from = moved(planner, from, room);
    const made = { shape: stage.output, bits: stage.outputBits, base: 0, layout: output };
    return push(planner, { kind: 'slide', stage, input: from, output: made }, made);
  }
  throw new RangeError(`no walk of stage ${index} fits ${planner.size} bits`);
}

/** Layouts of input and output to try, without a permutation first for each walk. */
function* slideLayouts(
  planner: Planner,
  stage: SlideStage,
  index: number,
  map: MapPlace,
): Generator<readonly [Layout, Layout]> {
  const { rows, cols } = stage.output;
  if (stage.what === 'quantize') {
    yield [map.layout, map.layout];
    return;
  }
  if (stage.what === 'pool') {
    const wanted = layoutWanted(planner, index);
    yield [map.layout, wanted];
    yield [
      createLayout(
        map.shape.rows,
        map.shape.cols,
        inputPeel(wanted.peel, map.shape.rows, map.shape.cols, stage),
      ),
      wanted,
    ];
  }
  for (const walk of walksFor(stage, planner.strategy)) {
    const suited = layoutsFor(stage, walk);
    yield [map.layout, createLayout(rows, cols, walk)];
    yield [suited.input, suited.output];
  }
}

function permuted(planner: Planner, map: MapPlace, layout: Layout): MapPlace {
  if (sameLayout(map.layout, layout)) return { ...map, layout };
  const { rows, cols } = map.shape;
  const plain = { ...map, layout: rowMajor(rows, cols) };
  const to = { ...map, layout };
  if (!sameLayout(map.layout, plain.layout)) planner.steps.push({ kind: 'permute', from: map, to: plain });
  if (!sameLayout(layout, plain.layout)) planner.steps.push({ kind: 'permute', from: plain, to });
  return to;
}

function moved(planner: Planner, map: MapPlace, base: number): MapPlace {
  if (map.base === base) return map;
  const to = { ...map, base };
  return push(planner, { kind: 'move', from: map, to }, to);
}

function planResidual(planner: Planner, stage: ResidualStage, map: MapPlace): MapPlace {
  const { rows, cols, channels } = stage.input;
  const ringPixels = residualRing(stage);
  const alongColumns = rows < cols;
  const ringBits = ringPixels * channels * stage.outputBits;
  const ring = { base: planner.size - ringBits, bits: stage.outputBits };
  const layout = createLayout(rows, cols, rowsThenColumns(rows, cols, alongColumns ? 0 : rows));
  const from = moved(planner, permuted(planner, map, layout), ring.base - bitsOf(map));
  const output = { shape: stage.output, bits: stage.outputBits, base: 0, layout };
  return push(
    planner,
    { kind: 'residual', stage, input: from, output, ring, ringPixels, alongColumns },
    output,
  );
}

function planDense(planner: Planner, stage: DenseStage, map: MapPlace): MapPlace {
  const shape = stage.output;
  const bits = stage.outputBits;
  const length = bitsOf({ shape, bits });
  // Below the input up to the unit made last, or else above it down to the unit made last.
  const below = map.base >= length - bits;
  const base = below ? 0 : planner.size - length;
  const input = !below && map.base + bitsOf(map) > base + bits ? moved(planner, map, 0) : map;
  const output = { shape, bits, base, layout: rowMajor(1, 1) };
  return push(planner, { kind: 'dense', firstUnitLast: !below, stage, input, output }, output);
}
