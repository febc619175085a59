import type { Follower } from '../client/follow.ts';
import { duration, percent, stageTitle } from './format.ts';

interface EpochEvent {
  readonly stage: string;
  readonly index: number;
  readonly epoch: number;
  readonly validationLoss: number;
  readonly validationCorrect: number;
  readonly validationTotal: number;
}

interface ImagesEvent {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  readonly note?: string;
}

interface TrialEvent {
  readonly stage: string;
  readonly index: number;
  readonly reason?: string;
  readonly rule?: string;
}

/** How the making of images goes, of an `images.preparing` event's data. */
export function imagesLine(data: string): string {
  const { phase, done, total, note } = JSON.parse(data) as ImagesEvent;
  const share = done > 0 && total > 1 ? ` ${done} of ${total}` : '';
  return `images: ${phase}${share}${note === undefined ? '' : `, ${note}`}`;
}

/** Progress as plain lines, one an epoch, for logs and pipes. */
export function plainLines(write: (line: string) => void): Follower {
  let secondsLeft: number | null = null;
  let epochs: Readonly<Record<string, number>> = {};
  return {
    snapshot({ experiment }) {
      secondsLeft = experiment.secondsLeft;
      epochs = Object.fromEntries(experiment.stages.map(({ name, settings }) => [name, settings.epochs]));
    },
    event({ event, data }) {
      if (event === 'trial.epoch') {
        const e = JSON.parse(data) as EpochEvent;
        write(
          `${stageTitle(e.stage)}, trial ${e.index}: epoch ${e.epoch + 1}/${epochs[e.stage] ?? '?'}, ` +
            `loss ${e.validationLoss.toFixed(4)}, accuracy ${percent(e.validationCorrect / e.validationTotal)}, ` +
            `${duration(secondsLeft)} left`,
        );
      } else if (event === 'trial.preempted' || event === 'trial.retried' || event === 'trial.failed') {
        const e = JSON.parse(data) as TrialEvent;
        write(`${stageTitle(e.stage)}, trial ${e.index}: ${event.slice('trial.'.length)}: ${e.reason}`);
      } else if (event === 'images.preparing') {
        write(imagesLine(data));
      } else if (event === 'selection.made') {
        const e = JSON.parse(data) as TrialEvent;
        write(`${stageTitle(e.stage)}: trial ${e.index} picked by the ${e.rule} rule`);
      } else if (event === 'evaluation.started') {
        write('evaluating the winner on the test set');
      }
    },
  };
}
