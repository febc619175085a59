import { elements, type Strategy } from '@bitkiln/core';
import { createLayout, type Layout } from '../layout/layout.ts';
import { inputPeel, type Peel } from '../layout/peel.ts';
import { leastOffset, type Slide, slideBits } from './offset.ts';
import type { ReceiveStage, ResidualStage, SlideStage, Stage } from './stage.ts';
import { everyWalk, walksOf } from './walks.ts';

/** Pixels of R's inner map that must be held at once: two lines and three pixels around the one at work. */
export function residualRing({ input: { rows, cols } }: ResidualStage): number {
  return Math.min(rows * cols, 2 * Math.min(rows, cols) + 3);
}

/** The bits of the pixel sizes and the window of a stage. */
function slideOf(stage: SlideStage): Slide {
  const { kernelRows, kernelCols, strideRows, strideCols, input, output } = stage;
  return {
    kernelRows,
    kernelCols,
    strideRows,
    strideCols,
    inputBits: input.channels * stage.inputBits,
    outputBits: output.channels * stage.outputBits,
  };
}

/** The layouts of a stage's input and output under which its memory is freed from the front as it walks. */
export function layoutsFor(stage: SlideStage, walk: Peel): { input: Layout; output: Layout } {
  const { input, output } = stage;
  return {
    input: createLayout(input.rows, input.cols, inputPeel(walk, input.rows, input.cols, stage)),
    output: createLayout(output.rows, output.cols, walk),
  };
}

/** The walks that a stage may take, the preferred one first; those of other strategies come last. */
export function walksFor(stage: SlideStage, strategy: Strategy): Peel[] {
  if (stage.what === 'pool' || stage.what === 'quantize') return everyWalk(stage, 'normal');
  const strided = stage.strideRows > 1 || stage.strideCols > 1;
  if (strategy === 'naive') return walksOf(stage, 'naive');
  if (strided || stage.what === 'depthwise') return byNeed(stage, everyWalk(stage, strategy));
  return everyWalk(stage, strategy);
}

function byNeed(stage: SlideStage, walks: readonly Peel[]): Peel[] {
  const needs = new Map(walks.map((walk) => [walk, slideNeed(stage, walk)]));
  return [...walks].sort((a, b) => needs.get(a)! - needs.get(b)!);
}

function slideNeed(stage: SlideStage, walk: Peel): number {
  const { input, output } = layoutsFor(stage, walk);
  return slideBits(slideOf(stage), input, output);
}

/** Distance of the input's start from the output's, in bits, that a stage needs under the layouts given. */
export function offsetFor(stage: SlideStage, strategy: Strategy, input: Layout, output: Layout): number {
  const slide = slideOf(stage);
  if (stage.what === 'quantize')
    return elements(stage.input) * Math.max(0, stage.outputBits - stage.inputBits);
  const apart = strategy === 'naive' && stage.what === 'convolution';
  return apart ? output.rows * output.cols * slide.outputBits : leastOffset(slide, input, output);
}

/** Bits of the one buffer that a stage needs, with its input laid out as suits it. */
function stageBits(stage: Stage, strategy: Strategy): number {
  const inputs = elements(stage.input) * stage.inputBits;
  const outputs = elements(stage.output) * stage.outputBits;
  switch (stage.kind) {
    case 'receive':
      return receiveBits(stage);
    // The unit made last may lie where inputs were: nothing reads them any more.
    case 'dense':
      return Math.max(outputs, inputs + outputs - stage.outputBits);
    case 'residual':
      return Math.max(inputs, outputs) + residualRing(stage) * stage.input.channels * stage.outputBits;
    case 'slide':
      if (strategy === 'naive' && stage.what === 'convolution') return inputs + outputs;
      return Math.min(...walksFor(stage, strategy).map((walk) => slideNeed(stage, walk)));
  }
}

/**
 * The pooled map, and the sums of its last row where they lie over that row's own place: as each is taken away the
 * activation made from it may reach up to the next.
 */
function receiveBits({ output, outputBits, sumBits }: ReceiveStage): number {
  const map = elements(output) * outputBits;
  if (sumBits === 0) return map;
  const row = output.cols * output.channels;
  return Math.max(map, map - row * outputBits + outputBits + (row - 1) * sumBits);
}

/** Bits of the least buffer that the generated code works in; the published model may promise less. */
export function neededBits(stages: readonly Stage[], strategy: Strategy): number {
  return Math.max(...stages.map((stage) => stageBits(stage, strategy)));
}
