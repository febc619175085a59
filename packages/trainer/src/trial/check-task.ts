import { elements, type Program } from '@bitkiln/core';
import type { Checkpoint, LabelledImages, TrialTask } from '../trainer.ts';

/**
 * Refuses a task, or a checkpoint to resume it from, whose parts do not fit each other.
 * @throws RangeError naming the field, its value and what was expected
 */
export function checkTask(task: TrialTask, resumeFrom: Checkpoint | undefined): void {
  const { program, stage, settings, startParameters } = task;
  checkWhole('settings.epochs', settings.epochs, 1);
  checkWhole('settings.batchSize', settings.batchSize, 1);
  checkImages('train', task.train, program);
  checkImages('validation', task.validation, program);
  if (startParameters === null && stage !== 'float') {
    throw new RangeError(
      `startParameters is null in stage ${stage}; expected the parameters that it starts from`,
    );
  }
  if (startParameters !== null) checkFloats('startParameters', startParameters, program);
  if (resumeFrom === undefined) return;
  const { epochsDone, steps } = resumeFrom;
  const expected = epochsDone * Math.ceil(task.train.count / settings.batchSize);
  checkWhole('resumeFrom.epochsDone', epochsDone, 0);
  if (steps !== expected) {
    throw new RangeError(`resumeFrom.steps is ${steps}; expected ${expected}, those of ${epochsDone} epochs`);
  }
  for (const field of ['parameters', 'firstMoment', 'secondMoment'] as const) {
    checkFloats(`resumeFrom.${field}`, resumeFrom[field], program);
  }
}

function checkWhole(field: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new RangeError(`${field} is ${value}; expected a whole number from ${least}`);
}

function checkFloats(field: string, { length }: Float32Array, { parameterCount }: Program): void {
  if (length === parameterCount) return;
  throw new RangeError(`${field} has ${length} floats; expected ${parameterCount}, the network's parameters`);
}

function checkImages(field: string, { images, labels, count }: LabelledImages, program: Program): void {
  checkWhole(`${field}.count`, count, 1);
  const pixels = count * elements(program.input);
  if (images.length !== pixels) {
    throw new RangeError(
      `${field}.images has ${images.length} bytes; expected ${pixels} for ${count} images`,
    );
  }
  if (labels.length !== count) {
    throw new RangeError(`${field}.labels has ${labels.length} labels; expected ${count}`);
  }
  const classes = program.output.channels;
  const wrong = labels.findIndex((label) => label >= classes);
  if (wrong !== -1) {
    throw new RangeError(`${field}.labels[${wrong}] is ${labels[wrong]}; expected a class below ${classes}`);
  }
}
