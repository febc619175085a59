import { calibrate, lowerNetwork, type Program, parseNetwork } from '@bitkiln/core';
import type { TrialTask } from '@bitkiln/trainer';
import type { TrainOrder } from './messages.ts';

/** The task that an order describes; a resumed trial's is the same as at its start. */
export function trialTask(order: TrainOrder): TrialTask {
  const { network, input, start, resume, kind, ...task } = order;
  const program = lowerNetwork(parseNetwork(network), input);
  return { ...task, program, startParameters: startParameters(program, order) };
}

/** Validation images stand in ascending index, so calibration looks at those lowest in index. */
function startParameters(program: Program, { start, validation }: TrainOrder): Float32Array | null {
  if (start.kind === 'fresh') return null;
  return start.calibrate ? calibrate(program, start.parameters, validation.images) : start.parameters;
}
