import { elements, levelRange, type Program, type StageName, type Stream, scaleOf } from '@bitkiln/core';
import { layerStream } from '../../randomness/layer-draws.ts';
import type { LabelledImages } from '../../trainer.ts';
import { instantiate } from '../module/instance.ts';
import { activeQuantizer } from '../plan/arithmetic.ts';
import { denseBlock } from '../plan/memory-plan.ts';
import type { Breather } from './breather.ts';
import { createParameterQuantizer } from './parameter-quantizer.ts';

/** Samples in a group: sample i of a group belongs to lane i of the definition. */
const groupSize = 16;
const quarterLanes = 4;

interface BatchResult {
  /** Gradients to the trained parameters; reused by the next batch. */
  readonly gradients: Float32Array;
  /** Sum of the samples' losses, in sample order. */
  readonly loss: number;
}

/** One network at work in one stage: batches in, gradients out. */
export interface Session {
  /** Takes over parameters for the calls that follow. */
  load(parameters: Float32Array): void;
  /**
   * Forward and backward pass of the images at `indices`; `step` counts the trial's batches from 0 and names
   * the draws of dropout and noise.
   */
  trainBatch(
    images: LabelledImages,
    indices: Uint32Array,
    step: number,
    breather: Breather,
  ): Promise<BatchResult>;
  /**
   * Mean loss and number of correct classes over all images, dropout and noise off. `predicted` takes each image's
   * class, the first of the largest logits.
   */
  evaluate(
    images: LabelledImages,
    breather: Breather,
    predicted?: Uint8Array,
  ): Promise<{ loss: number; correct: number }>;
}

export function createSession(program: Program, stage: StageName, draws: Stream, relaxed: boolean): Session {
  const { plan, exports, floats, words, bytes } = instantiate(program, stage, relaxed);
  const quantizer = createParameterQuantizer(program, stage);
  const { parameterCount, ops } = program;
  const imageBytes = elements(program.input);
  const effective = floats.subarray(plan.effective / 4, plan.effective / 4 + parameterCount);
  const labels = words.subarray(plan.labels / 4, plan.labels / 4 + quarterLanes);
  const sampleWeights = floats.subarray(plan.sampleWeights / 4, plan.sampleWeights / 4 + quarterLanes);
  const losses = floats.subarray(plan.losses / 4, plan.losses / 4 + quarterLanes);
  const predictions = words.subarray(plan.predictions / 4, plan.predictions / 4 + quarterLanes);
  const quarters = plan.quarterSums.map((address) =>
    floats.subarray(address / 4, address / 4 + parameterCount),
  );
  const random = ops.flatMap((op, i) =>
    op.kind === 'dropout' || (op.kind === 'quantize' && op.stddev > 0) ? [i] : [],
  );
  const current = new Float32Array(parameterCount);
  const gradients = new Float32Array(parameterCount);
  let sampleLosses = new Float32Array(0);

  function writeScales(parameters: Float32Array): void {
    for (const [i, op] of ops.entries()) {
      const active = activeQuantizer(op, stage);
      if (active === null) continue;
      const scale = scaleOf(active.threshold === null ? null : parameters[active.threshold.offset]!);
      const { qmax } = levelRange(active);
      const place = plan.scales / 4 + i * 8;
      floats.fill(qmax / scale, place, place + 4);
      floats.fill(scale / qmax, place + 4, place + 8);
    }
  }

  function writeKeys(step: number): void {
    for (const op of random) {
      const { key0, key1 } = layerStream(draws, step, op);
      const place = plan.keys / 4 + op * 8;
      words.fill(key0, place, place + 4);
      words.fill(key1, place + 4, place + 8);
    }
  }

  /** Stages one sample in a lane. */
  function place(images: LabelledImages, index: number, lane: number): void {
    const start = index * imageBytes;
    bytes.set(images.images.subarray(start, start + imageBytes), plan.pixels + lane * plan.pixelBytes);
    labels[lane] = images.labels[index]!;
  }

  function sumQuarters(): void {
    const [a, b, c, d] = quarters as [Float32Array, Float32Array, Float32Array, Float32Array];
    for (let i = 0; i < parameterCount; i++) {
      gradients[i] = Math.fround(a[i]! + b[i]!) + Math.fround(c[i]! + d[i]!);
    }
  }

  return {
    load(parameters) {
      current.set(parameters);
      quantizer.quantize(current, effective);
      writeScales(current);
      exports.spreadWeights();
    },

    async trainBatch(images, indices, step, breather) {
      const count = indices.length;
      const weight = 1 / count;
      if (sampleLosses.length < count) sampleLosses = new Float32Array(count);
      writeKeys(step);
      let kept = 0;
      for (let quarter = 0; quarter < groupSize / quarterLanes; quarter++) {
        for (let first = quarter * quarterLanes; first < count; first += groupSize) {
          for (let lane = 0; lane < quarterLanes; lane++) {
            const present = first + lane < count;
            sampleWeights[lane] = present ? weight : 0;
            if (present) place(images, indices[first + lane]!, lane);
          }
          exports.train(first, kept);
          kept++;
          if (kept === denseBlock) {
            exports.addDenseGradients(kept);
            kept = 0;
          }
          for (let lane = 0; lane < quarterLanes && first + lane < count; lane++) {
            sampleLosses[first + lane] = losses[lane]!;
          }
          if (breather.due()) await breather.rest();
        }
        if (kept > 0) exports.addDenseGradients(kept);
        kept = 0;
        exports.sumLanes(plan.quarterSums[quarter]!);
      }
      sumQuarters();
      quantizer.propagate(current, gradients);
      let loss = 0;
      for (let i = 0; i < count; i++) loss += sampleLosses[i]!;
      return { gradients, loss };
    },

    async evaluate(images, breather, predicted) {
      let loss = 0;
      let correct = 0;
      for (let first = 0; first < images.count; first += quarterLanes) {
        const present = Math.min(quarterLanes, images.count - first);
        for (let lane = 0; lane < present; lane++) place(images, first + lane, lane);
        exports.evaluate();
        for (let lane = 0; lane < present; lane++) {
          loss += losses[lane]!;
          if (predictions[lane] === labels[lane]) correct++;
          if (predicted !== undefined) predicted[first + lane] = predictions[lane]!;
        }
        if (breather.due()) await breather.rest();
      }
      return { loss: loss / images.count, correct };
    },
  };
}
