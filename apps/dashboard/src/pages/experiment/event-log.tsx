import type { StageName } from '../../api/types.ts';
import { clock, loss, percent, stageTitle } from '../../format/format.ts';
import { links } from '../../router/router.ts';
import { Panel } from '../../ui/parts.tsx';
import { VirtualList } from '../../ui/virtual-list.tsx';
import type { ExperimentStore, LoggedEvent } from './experiment-store.ts';

const rowHeight = 26;

/** What happened last, newest first. */
export function EventLog({ store }: { readonly store: ExperimentStore }) {
  const events = store.events.value.toReversed();
  return (
    <Panel title="Events" hint="newest first" flush>
      {events.length === 0 ? (
        <p class="faint small empty-line">Nothing has happened yet.</p>
      ) : (
        <VirtualList
          items={events}
          rowHeight={rowHeight}
          maxHeight={rowHeight * 17}
          label="Events"
          row={(event) => <EventRow key={event.sequence} event={event} />}
        />
      )}
    </Panel>
  );
}

function EventRow({ event }: { readonly event: LoggedEvent }) {
  const { type, data } = event;
  const [noun] = type.split('.');
  const text = describe(event);
  return (
    <div class="event" data-noun={noun} style={{ height: `${rowHeight}px` }}>
      <time class="faint mono">{typeof data.at === 'string' ? clock(data.at) : ''}</time>
      <span class="truncate" title={text}>
        {typeof data.trialId === 'string' ? <a href={links.trial(data.trialId)}>{text}</a> : text}
      </span>
    </div>
  );
}

function describe({ type, data }: LoggedEvent): string {
  const own = `${data.stage === undefined ? '' : `${stageTitle(data.stage as StageName)} `}trial ${data.index}`;
  const trial = data.repeatOf === undefined ? own : `Repeat of ${own}`;
  switch (type) {
    case 'experiment.submitted':
      return 'Submitted';
    case 'images.preparing':
      return `Images: ${data.phase}${data.note === undefined ? '' : `, ${data.note}`}`;
    case 'stage.started':
      return `${stageTitle(data.stage as StageName)} begins: ${data.trials} trials of ${data.epochs} epochs`;
    case 'stage.succeeded':
      return `${stageTitle(data.stage as StageName)} is done`;
    case 'trial.epoch':
      return `${trial}, epoch ${data.epoch}: loss ${loss(data.validationLoss as number)}, accuracy ${percent(data.validationAccuracy as number)}`;
    case 'trial.claimed':
      return `${trial} starts${(data.startEpoch as number) > 0 ? ` again from epoch ${data.startEpoch}` : ''}`;
    case 'trial.succeeded':
      return `${trial} is done: best accuracy ${percent(data.bestAccuracy as number)}`;
    case 'trial.repeat-queued':
      return `${own} is to be repeated`;
    case 'trial.repeated':
      return data.equal ? `${trial} came to the same bytes` : `${trial} differs: ${data.difference}`;
    case 'selection.made':
      return `${trial} is picked (${data.rule})`;
    case 'experiment.succeeded':
      return `The winner gets ${data.testCorrect} of ${data.testTotal} test images right`;
    default: {
      const words = type.replace('.', ' ').replace('trial', data.index === undefined ? 'trial' : trial);
      return `${words[0]!.toUpperCase()}${words.slice(1)}${data.reason === undefined ? '' : `: ${data.reason}`}`;
    }
  }
}
