import { type ExperimentBrief, shownState } from '../../api/types.ts';
import { ago, bytes, duration, percent, shortNetwork } from '../../format/format.ts';
import { now } from '../../live/clock.ts';
import { links } from '../../router/router.ts';
import { ProgressBar, StateChip } from '../../ui/parts.tsx';

export const experimentRowHeight = 58;

export function ExperimentRow({ experiment }: { readonly experiment: ExperimentBrief }) {
  const { id, name, state, network, progress, secondsLeft, winner, totalBytes, createdAt } = experiment;
  const open = experiment.finishedAt === null;
  const tone =
    state === 'succeeded' ? 'good' : state === 'failed' ? 'bad' : state === 'cancelled' ? 'quiet' : undefined;
  const short = shortNetwork(network);
  return (
    <a class="row experiment-row" href={links.experiment(id)} style={{ height: `${experimentRowHeight}px` }}>
      <span class="experiment-name">
        <span class="truncate name">{name === network ? short : name}</span>
        <span class="truncate faint mono small">{short}</span>
      </span>
      <span>
        <StateChip state={shownState(experiment)} />
      </span>
      <span class="experiment-progress">
        <ProgressBar value={progress} label={`progress of ${name}`} tone={tone} />
        <span class="small dim">{percent(progress, 0)}</span>
      </span>
      <span class="number">{open ? duration(secondsLeft) : ''}</span>
      <span class={`number ${winner ? 'strong' : 'faint'}`}>
        {winner ? percent(winner.testAccuracy) : '–'}
      </span>
      <span class="number">{bytes(totalBytes)}</span>
      <span class="number faint">{ago(createdAt, now.value)}</span>
    </a>
  );
}
