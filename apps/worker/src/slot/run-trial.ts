import {
  type ClaimedTrial,
  completeTrial,
  extendLease,
  failTrial,
  pinData,
  recordEpochs,
  releaseTrial,
} from '@bitkiln/lifecycle';
import { tellProgress } from '../images/tell-progress.ts';
import { holdAttempt } from './hold-attempt.ts';
import type { SlotContext } from './slot-context.ts';

/**
 * Trains a claimed trial until its attempt ends in one of these ways:
 *
 * - its last epoch is recorded: **completed**, and the life cycle moves the stage on;
 * - the process drains: after the epochs in hand are recorded, or at once when the grace period is over, the trial
 *   is **released** for any worker of its numerics id to go on with;
 * - the experiment is paused: after the epoch in hand the trial is **released** too;
 * - the attempt is no longer this worker's (cancelled, or its lease lapsed and the trial went on elsewhere):
 *   training is **aborted** and nothing more is written;
 * - the trial itself goes wrong, or kills the thread: **failed**, with the reason.
 *
 * Training runs ahead of what is recorded by one epoch, or by a quarter of a second where epochs are short, so a kill
 * costs little and never a recorded epoch.
 */
export async function runTrial(trial: ClaimedTrial, slot: SlotContext): Promise<void> {
  const { database, images, thread, stopping } = slot;
  const { fence, experiment, stage, settings, trialIndex } = trial;
  const log = slot.log.child({
    experiment: experiment.id,
    stage,
    trial: fence.trialId,
    attempt: fence.attempt,
  });
  log.info({ index: trialIndex, startEpoch: trial.resume?.epochsDone ?? 0 }, 'trial claimed');
  await holdAttempt(
    {
      extend: () => extendLease(database, fence, trial.leaseMs),
      release: (reason) => releaseTrial(database, fence, reason),
      fail: (reason) => failTrial(database, fence, reason),
    },
    { stopping, log },
    async ({ signal, persist }) => {
      const { dataset, augmentation, dataHash: sha256 } = experiment;
      const watch = tellProgress({ database, log, workerId: slot.workerId, experimentId: experiment.id });
      const data = await images.get({ dataset, augmentation, sha256 }, signal, watch);
      // The first attempt of an experiment to load them says which images its trials are trained on.
      if (experiment.dataHash !== data.sha256) await persist(() => pinData(database, fence, data.sha256));
      const { network, input, seed } = experiment;
      const { start, resume } = trial;
      const { train, validation } = data;
      const order = { network, input, stage, settings, trialIndex, start, resume, train, validation };
      const epochs = thread.train({ kind: 'train', experimentSeed: seed, ...order }, signal);
      for await (const results of epochs) {
        const records = results.map((result) => ({ ...result, validationTotal: validation.count }));
        const { recorded, paused } = await persist(() => recordEpochs(database, fence, records));
        records.forEach(({ checkpoint, ...figures }, index) => {
          log.info({ ...figures, lowestLoss: recorded[index]?.lowestLoss ?? false }, 'epoch recorded');
        });
        if (results.at(-1)!.epoch + 1 === settings.epochs) continue;
        if (stopping.draining.aborted) return 'hand-back';
        if (paused) return 'paused';
      }
      const { experimentState } = await persist(() => completeTrial(database, fence));
      log.info({ experimentState }, 'trial completed');
      return 'done';
    },
  );
}
