import { Fragment } from 'preact';
import { useEffect } from 'preact/hooks';
import { get } from '../../api/client.ts';
import type { Epoch, Experiment, Page, Trial } from '../../api/types.ts';
import { count, duration, loss, percent, score, stageTitle } from '../../format/format.ts';
import { useDeleted } from '../../live/use-deleted.ts';
import { useResource } from '../../live/use-resource.ts';
import { links } from '../../router/router.ts';
import { Deleted } from '../../ui/deleted.tsx';
import { Failure, Loading, Panel, StateChip } from '../../ui/parts.tsx';
import { TrialActions } from './actions.tsx';
import { Attempts } from './attempts.tsx';
import { Checkpoints } from './checkpoints.tsx';
import { TrialChart } from './trial-chart.tsx';
import { useTrialEvents } from './use-trial-events.ts';
import { WeightsPanel } from './weights-panel.tsx';

/** One trial: how it learned, where it ran, and what its weights became. */
export default function TrialPage({ id }: { readonly id: string }) {
  const trial = useResource(`trial ${id}`, (signal) => get<Trial>(`/trials/${id}`, signal));
  const epochs = useResource(`epochs ${id}`, (signal) => readEpochs(id, signal));
  const found = trial.data;
  const experiment = useResource(found === null ? null : `experiment ${found.experimentId}`, (signal) =>
    get<Experiment>(`/experiments/${found!.experimentId}`, signal),
  );
  useTrialEvents(experiment.data, id, () => {
    trial.reload();
    epochs.reload();
  });
  useEffect(() => {
    if (found !== null)
      document.title = `${found.repeat === null ? 'Trial' : 'Repeat of trial'} ${found.index}, ${stageTitle(found.stage)} · bitkiln`;
  }, [found]);
  const deleted = useDeleted(found?.experimentId ?? null);
  if (deleted) return <Deleted />;
  if (trial.error !== null) return <Failure error={trial.error} retry={trial.reload} />;
  if (found === null) return <Loading height={420} />;
  const name = experiment.data?.name;
  return (
    <>
      <nav class="crumbs" aria-label="Where this trial belongs">
        <a class="truncate" href={links.experiment(found.experimentId)}>
          {name ?? 'Experiment'}
        </a>
        <span aria-hidden="true">/</span>
        <a href={`${links.experiment(found.experimentId)}?stage=${found.stage}`}>{stageTitle(found.stage)}</a>
      </nav>
      <div class="page-head">
        <div class="heading">
          <h1>{found.repeat === null ? `Trial ${found.index}` : `Repeat of trial ${found.index}`}</h1>
          <StateChip state={found.state} />
        </div>
        <div class="page-actions">
          <TrialActions
            trial={found}
            onDone={() => {
              trial.reload();
              experiment.reload();
            }}
          />
          {experiment.data?.winner?.trialId === id && (
            <a class="button primary" href={links.winner(found.experimentId)}>
              This is the winner
            </a>
          )}
        </div>
      </div>
      <Remarks trial={found} />
      <dl class="readouts">
        <Figure title="Epochs" value={count(found.epochsDone)} more={`of ${count(found.epochsTotal)}`} />
        <Figure
          title="Lowest loss"
          value={loss(found.lowestLoss?.validationLoss)}
          more={found.lowestLoss ? `epoch ${found.lowestLoss.epoch}` : ''}
        />
        <Figure
          title="Highest accuracy"
          value={percent(found.highestAccuracy?.validationAccuracy)}
          more={found.highestAccuracy ? `epoch ${found.highestAccuracy.epoch}` : ''}
        />
        <Figure title="Score" value={score(found.score)} more="" />
        <Figure title="Trained for" value={duration(found.secondsTrained)} more="" />
      </dl>
      <div class="grid columns-2">
        <Panel title="Loss" hint="training thin, validation bold">
          <TrialChart epochs={epochs.data} trial={found} metric="loss" />
        </Panel>
        <Panel title="Validation accuracy" hint="dot: lowest loss; ring: highest accuracy">
          <TrialChart epochs={epochs.data} trial={found} metric="accuracy" />
        </Panel>
      </div>
      <WeightsPanel trial={found} />
      <div class="grid columns-2">
        <Attempts trial={found} />
        <Checkpoints trial={found} />
      </div>
    </>
  );
}

/** What is out of the ordinary about the trial. */
function Remarks({ trial }: { readonly trial: Trial }) {
  const { failureReason, invalid, repeat, repeats, waiting } = trial;
  return (
    <>
      {failureReason && <p class="notice">{failureReason}</p>}
      {invalid && <p class="notice">Declared invalid: {invalid.reason}</p>}
      {waiting?.workers === 0 && (
        <p class="notice">
          {trial.epochsDone === 0
            ? 'No worker is online to take it.'
            : 'No worker that would give the same bytes is online; restarted from epoch 0, any may take it.'}
        </p>
      )}
      {repeat && (
        <p class="remark">
          Repeats{' '}
          <a href={links.trial(repeat.of)}>
            trial {trial.index} of {stageTitle(trial.stage)}
          </a>{' '}
          from the same seeds, and counts in no pick.{' '}
          {repeat.equal === null ? (
            'The bytes are compared when it is done.'
          ) : repeat.equal ? (
            <strong class="good">It came to the same bytes.</strong>
          ) : (
            <strong class="bad">It differs: {repeat.difference}</strong>
          )}
        </p>
      )}
      {repeats.length > 0 && (
        <p class="remark">
          Repeated {repeats.length === 1 ? 'once' : `${count(repeats.length)} times`}, from the same seeds:{' '}
          {repeats.map((id, index) => (
            <Fragment key={id}>
              {index > 0 && ', '}
              <a href={links.trial(id)}>repeat {index + 1}</a>
            </Fragment>
          ))}
        </p>
      )}
    </>
  );
}

/** All epochs, page by page: a trial has at most some thousand. */
async function readEpochs(id: string, signal: AbortSignal): Promise<Epoch[]> {
  const epochs: Epoch[] = [];
  let cursor: string | null = null;
  do {
    const after: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: Page<Epoch> = await get(`/trials/${id}/epochs?limit=500${after}`, signal);
    epochs.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return epochs;
}

function Figure(props: { readonly title: string; readonly value: string; readonly more: string }) {
  return (
    <div>
      <dt>{props.title}</dt>
      <dd>
        {props.value} <small>{props.more}</small>
      </dd>
    </div>
  );
}
