import { initialParameters } from '../randomness/initial-parameters.ts';
import type { Checkpoint, TrialTask } from '../trainer.ts';
import type { AdamState } from './adam.ts';

/** The state that a trial starts or goes on from, in buffers of its own. */
export function startState(task: TrialTask, resumeFrom: Checkpoint | undefined): AdamState {
  if (resumeFrom !== undefined) {
    return {
      parameters: resumeFrom.parameters.slice(),
      firstMoment: resumeFrom.firstMoment.slice(),
      secondMoment: resumeFrom.secondMoment.slice(),
    };
  }
  const { program, startParameters, experimentSeed, trialIndex } = task;
  return {
    parameters: startParameters?.slice() ?? initialParameters(program, experimentSeed, trialIndex),
    firstMoment: new Float32Array(program.parameterCount),
    secondMoment: new Float32Array(program.parameterCount),
  };
}
