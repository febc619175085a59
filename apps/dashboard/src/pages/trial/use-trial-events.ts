import { useEffect, useRef } from 'preact/hooks';
import type { Experiment } from '../../api/types.ts';
import { followExperiment } from '../../live/follow-experiment.ts';

const quietMs = 600;

/** Calls back, at most every 0.6 s, when events of a trial have come; null follows nothing. */
export function useTrialEvents(experiment: Experiment | null, trialId: string, onChange: () => void): void {
  const latest = useRef(onChange);
  latest.current = onChange;
  const id = experiment?.id;
  const from = useRef(0);
  from.current = Math.max(from.current, experiment?.lastEventId ?? 0);
  useEffect(() => {
    if (id === undefined) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = followExperiment(id, {
      after: () => from.current,
      onMessage: ({ id: sequence, data }) => {
        from.current = Number(sequence);
        if ((JSON.parse(data) as { trialId?: string }).trialId !== trialId) return;
        timer ??= setTimeout(() => {
          timer = undefined;
          latest.current();
        }, quietMs);
      },
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [id, trialId]);
}
