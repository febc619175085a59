import { elements, formatShape } from '@bitkiln/core';
import type { Checkpoint, LabelledImages, TrialTask } from '../../trainer.ts';

/** Throws a RangeError that names the field, its value and what was expected. */
export function checkTask(task: TrialTask, resumeFrom: Checkpoint | undefined): void {
  const { program, settings, startParameters } = task;
  checkImages(task, 'train');
  checkImages(task, 'validation');
  positive('settings.epochs', settings.epochs);
  positive('settings.batchSize', settings.batchSize);
  if (startParameters !== null) length('startParameters', startParameters, program.parameterCount);
  if (resumeFrom === undefined) return;
  for (const field of ['parameters', 'firstMoment', 'secondMoment'] as const) {
    length(`resumeFrom.${field}`, resumeFrom[field], program.parameterCount);
  }
  const steps = resumeFrom.epochsDone * Math.ceil(task.train.count / settings.batchSize);
  if (resumeFrom.steps !== steps) {
    throw new RangeError(
      `resumeFrom.steps is ${resumeFrom.steps}; expected ${steps} after ${resumeFrom.epochsDone} epochs`,
    );
  }
}

function checkImages({ program, ...task }: TrialTask, field: 'train' | 'validation'): void {
  const set: LabelledImages = task[field];
  positive(`${field}.count`, set.count);
  const size = elements(program.input);
  if (set.images.length < set.count * size) {
    throw new RangeError(
      `${field}.images has ${set.images.length} bytes; expected ${set.count} images of ${formatShape(program.input)}`,
    );
  }
  if (set.labels.length < set.count) {
    throw new RangeError(`${field}.labels has ${set.labels.length} labels; expected ${set.count}`);
  }
  const classes = elements(program.output);
  for (let i = 0; i < set.count; i++) {
    if (set.labels[i]! < classes) continue;
    throw new RangeError(`${field}.labels[${i}] is ${set.labels[i]}; expected a class below ${classes}`);
  }
}

function positive(field: string, value: number): void {
  if (Number.isInteger(value) && value > 0) return;
  throw new RangeError(`${field} is ${value}; expected a positive integer`);
}

function length(field: string, array: Float32Array, expected: number): void {
  if (array.length === expected) return;
  throw new RangeError(`${field} has ${array.length} floats; expected ${expected}`);
}
