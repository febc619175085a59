import { elements, exp32, learningRateAt, levelRange, log32, scaleOf, weightQuantizer } from '@bitkiln/core';
import { epochOrder } from '../../../src/randomness/epoch-order.ts';
import { initialParameters } from '../../../src/randomness/initial-parameters.ts';
import { dropoutFactors, gaussianNoise, trialDrawStream } from '../../../src/randomness/layer-draws.ts';
import type { TrialTask } from '../../../src/trainer.ts';
import { singlePrecision } from './arithmetic.ts';
import { backward } from './backward.ts';
import { type Draws, effectiveParameters, forward, type Trace } from './forward.ts';

const f = Math.fround;
const lanes = 16;

interface ReferenceBatch {
  readonly gradients: Float32Array;
  readonly losses: number[];
}

/** Trains a whole trial by the definition, in plain loops: the parameters after the last epoch. */
export function trainByDefinition(task: TrialTask): Float32Array {
  const { program, stage, settings, train, experimentSeed, trialIndex } = task;
  const parameters = task.startParameters?.slice() ?? initialParameters(program, experimentSeed, trialIndex);
  const first = new Float32Array(parameters.length);
  const second = new Float32Array(parameters.length);
  let step = 0;
  for (let epoch = 0; epoch < settings.epochs; epoch++) {
    const order = epochOrder(train.count, experimentSeed, stage, trialIndex, epoch);
    for (let start = 0; start < train.count; start += settings.batchSize) {
      const indices = order.subarray(start, start + settings.batchSize);
      const { gradients } = batchByDefinition(task, parameters, indices, step);
      step++;
      const rate = f(learningRateAt(settings.learningRate, epoch) * correction(step));
      for (const [i, g] of gradients.entries()) {
        first[i] = f(f(f(0.9) * first[i]!) + f(f(1 - 0.9) * g));
        second[i] = f(f(f(0.999) * second[i]!) + f(f(1 - 0.999) * f(g * g)));
        const root = f(f(Math.sqrt(second[i]!)) + f(1e-7));
        parameters[i] = f(parameters[i]! - f(f(rate * first[i]!) / root));
      }
    }
  }
  return parameters;
}

function correction(step: number): number {
  let first = 1;
  let second = 1;
  for (let i = 0; i < step; i++) {
    first *= 0.9;
    second *= 0.999;
  }
  return Math.sqrt(1 - second) / (1 - first);
}

/** Gradients to the trained parameters and the samples' losses. */
function batchByDefinition(
  task: TrialTask,
  parameters: Float32Array,
  indices: Uint32Array,
  step: number,
): ReferenceBatch {
  const { program, stage, train } = task;
  const trained = Float64Array.from(parameters);
  const effective = effectiveParameters(program, stage, trained, singlePrecision);
  const losses: number[] = [];
  const laneSums = Array.from({ length: lanes }, () => new Float32Array(parameters.length));
  for (const [sample, image] of indices.entries()) {
    const size = elements(program.input);
    const pixels = Float64Array.from(train.images.subarray(image * size, (image + 1) * size), (v) => v / 256);
    const draws = drawsOf(task, step, sample);
    const trace = forward(program, stage, { parameters: trained, effective }, pixels, draws, singlePrecision);
    const { loss, gradient } = lossOf(trace, train.labels[image]!, indices.length);
    losses.push(loss);
    const sum = laneSums[sample % lanes]!;
    for (const [i, g] of backward(program, stage, trace, gradient).entries()) sum[i] = f(sum[i]! + g);
  }
  const gradients = Float32Array.from(parameters, (_, i) => pairwise(laneSums.map((sum) => sum[i]!)));
  propagate(task, parameters, gradients);
  return { gradients, losses };
}

/** Sums neighbours, then neighbouring sums, and so on. */
function pairwise(values: number[]): number {
  if (values.length === 1) return values[0]!;
  const half = Array.from({ length: values.length / 2 }, (_, i) => f(values[2 * i]! + values[2 * i + 1]!));
  return pairwise(half);
}

export function drawsOf(
  { program, stage, experimentSeed, trialIndex }: TrialTask,
  step: number,
  sample: number,
): Draws {
  const stream = trialDrawStream(experimentSeed, stage, trialIndex);
  return (op, index) => {
    const count = elements(program.ops[index]!.output);
    const at = { step, op: index, samples: sample + 1, elements: count };
    const all =
      op.kind === 'dropout'
        ? dropoutFactors(stream, op.rate, at)
        : gaussianNoise(stream, op.kind === 'quantize' ? op.stddev : 0, at);
    return all.subarray(sample * count);
  };
}

function lossOf(trace: Trace, label: number, batch: number) {
  const logits = [...trace.values.at(-1)!];
  const largest = Math.max(...logits);
  const powers = logits.map((z) => exp32(f(z - largest)));
  const total = powers.reduce((sum, p) => f(sum + p), 0);
  const probability = f(powers[label]! / total);
  const clipped = Math.min(Math.max(probability, f(1e-7)), f(1 - 1e-7));
  const weight = clipped === probability ? f(1 / batch) : 0;
  const gradient = Float64Array.from(powers, (p, k) => f(f(f(p / total) - (k === label ? 1 : 0)) * weight));
  return { loss: -log32(clipped), gradient };
}

/** From gradients to effective parameters to those to the trained ones. */
function propagate({ program, stage }: TrialTask, parameters: Float32Array, gradients: Float32Array): void {
  if (stage === 'float') return;
  const moving = stage === 'movingScales';
  for (const op of program.ops) {
    if ('kernel' in op) {
      for (const [slot, threshold, bits] of [
        [op.kernel, op.weightThreshold, op.weightBits],
        [op.bias, op.biasThreshold, op.biasBits],
      ] as const) {
        const { qmax, lowest, highest } = levelRange(weightQuantizer(bits));
        const scale = scaleOf(parameters[threshold.offset]!);
        let error = 0;
        for (let i = slot.offset; i < slot.offset + slot.length; i++) {
          const steps = (parameters[i]! * qmax) / scale;
          const level = bits <= 2 ? Math.floor(steps) + 0.5 : evenly(steps);
          const inRange = level >= lowest && level <= highest;
          error +=
            gradients[i]! * ((Math.min(highest, Math.max(lowest, level)) - (inRange ? steps : 0)) / qmax);
          if (!inRange) gradients[i] = 0;
        }
        gradients[threshold.offset] = moving ? error * Math.LN2 * scale : 0;
      }
    }
    if (!('quantizer' in op) || op.quantizer.threshold === null) continue;
    const { offset } = op.quantizer.threshold;
    const { qmax } = levelRange(op.quantizer);
    gradients[offset] = moving ? (gradients[offset]! / qmax) * Math.LN2 * scaleOf(parameters[offset]!) : 0;
  }
}

function evenly(x: number): number {
  const below = Math.floor(x);
  const half = x - below - 0.5;
  return half < 0 || (half === 0 && below % 2 === 0) ? below : below + 1;
}
