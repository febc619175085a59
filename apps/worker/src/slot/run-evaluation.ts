import {
  type ClaimedEvaluation,
  extendEvaluationLease,
  failEvaluation,
  recordWinner,
  releaseEvaluation,
} from '@bitkiln/lifecycle';
import type { EvaluateOrder } from '../compute/messages.ts';
import { tellProgress } from '../images/tell-progress.ts';
import { version } from '../version.ts';
import { holdAttempt } from './hold-attempt.ts';
import type { SlotContext } from './slot-context.ts';

/**
 * Evaluates a claimed experiment's winner on the test images, which nothing before has looked at, and records the
 * result with the model files.
 */
export async function runEvaluation(evaluation: ClaimedEvaluation, slot: SlotContext): Promise<void> {
  const { database, images, thread, stopping } = slot;
  const { fence, experiment, winner } = evaluation;
  const log = slot.log.child({
    experiment: experiment.id,
    trial: winner.trialId,
    evaluationAttempt: fence.attempt,
  });
  log.info('evaluation claimed');
  await holdAttempt(
    {
      extend: () => extendEvaluationLease(database, fence, evaluation.leaseMs),
      release: (reason) => releaseEvaluation(database, fence, reason),
      fail: (reason) => failEvaluation(database, fence, reason),
    },
    { stopping, log },
    async ({ signal, persist }) => {
      const { dataset, augmentation, dataHash } = experiment;
      const source = { dataset, augmentation, sha256: dataHash };
      const watch = tellProgress({ database, log, workerId: slot.workerId, experimentId: experiment.id });
      const data = await images.get(source, signal, watch);
      if (data.sha256 !== dataHash) {
        throw new Error(
          `this worker's images have the hash ${data.sha256}; the trials were trained on ${dataHash}`,
        );
      }
      const order = evaluateOrder(evaluation, data.sha256);
      const result = await thread.evaluate({ ...order, test: data.test }, signal);
      await persist(() => recordWinner(database, fence, { ...result, version }));
      const { testCorrect, testTotal } = result;
      log.info({ testCorrect, testTotal }, 'winner recorded');
      return 'done';
    },
  );
}

function evaluateOrder(
  { experiment, winner }: ClaimedEvaluation,
  dataHash: string,
): Omit<EvaluateOrder, 'test'> {
  return {
    kind: 'evaluate',
    network: experiment.network,
    input: experiment.input,
    parameters: winner.parameters,
    provenance: {
      experimentId: experiment.id,
      trialId: winner.trialId,
      seeds: { experiment: experiment.seed, stage: 'frozenScales', trial: winner.trialIndex },
      numericsId: winner.numericsId,
      reproducible: winner.reproducible,
      dataHash,
      version,
    },
  };
}
