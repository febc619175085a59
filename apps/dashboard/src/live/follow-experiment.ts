import { type FollowOptions, follow } from './follow.ts';
import { onExperiment } from './service.ts';

/**
 * Follows the events of an experiment until the returned function is called. Its stream ends with it; where something
 * happens to it afterwards (a repeat, an invalid trial), which the page's one live stream tells, it is read further.
 */
export function followExperiment(
  id: string,
  options: Pick<FollowOptions, 'onMessage' | 'onGone'> & { readonly after: () => number },
): () => void {
  const { after, ...callbacks } = options;
  let over = false;
  let told = false;
  let stop = start();

  function start(): () => void {
    over = false;
    told = false;
    return follow({
      url: () => `/experiments/${id}/events?after=${after()}`,
      ...callbacks,
      onOver: () => {
        over = true;
        // What was told while the stream was ending may not have been in it.
        if (told) stop = start();
      },
    });
  }

  const stopListening = onExperiment((changed) => {
    if (changed.id !== id) return;
    if (over) stop = start();
    else told = true;
  });
  return () => {
    stop();
    stopListening();
  };
}
