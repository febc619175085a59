import type { DataProgress } from '@bitkiln/datasets';
import type { Logger } from 'pino';

/** Logs how the making of images goes: each phase once, and whatever is noted. */
export function logProgress(log: Logger): (progress: DataProgress) => void {
  let phase: DataProgress['phase'] | null = null;
  return (progress) => {
    if (progress.phase === phase && progress.note === undefined) return;
    phase = progress.phase;
    log.info(progress, 'preparing images');
  };
}
