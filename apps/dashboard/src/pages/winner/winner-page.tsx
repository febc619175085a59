import { useEffect, useMemo, useState } from 'preact/hooks';
import { get, request } from '../../api/client.ts';
import type { Experiment, Winner } from '../../api/types.ts';
import { bytes, count, percent, score, shortNetwork } from '../../format/format.ts';
import { useDeleted } from '../../live/use-deleted.ts';
import { useResource } from '../../live/use-resource.ts';
import { links } from '../../router/router.ts';
import { Deleted } from '../../ui/deleted.tsx';
import { Empty, Failure, Loading, Panel } from '../../ui/parts.tsx';
import { Downloads } from './downloads.tsx';
import { DrawPanel } from './draw-panel.tsx';
import { prepareModel } from './engine.ts';
import { Exports } from './exports.tsx';
import { MemoryMap } from './memory-map.tsx';
import { TestRunPanels } from './test-run-panels.tsx';

/** The winner: what it gets wrong, what it takes on the device, and itself, to be tried. */
export default function WinnerPage({ id }: { readonly id: string }) {
  const experiment = useResource(`experiment ${id}`, (signal) =>
    get<Experiment>(`/experiments/${id}`, signal),
  );
  const winner = useResource(`winner ${id}`, (signal) => get<Winner>(`/experiments/${id}/best`, signal));
  const model = useResource(
    winner.data === null ? null : `model ${winner.data.models.json.sha256}`,
    async (signal) => (await request(winner.data!.models.json.href, { signal })).text(),
  );
  const prepared = useMemo(() => (model.data === null ? null : prepareModel(model.data)), [model.data]);
  const [image, setImage] = useState<Uint8Array | null>(null);
  const found = winner.data;
  useEffect(() => {
    if (found !== null) document.title = `Winner, trial ${found.index} · bitkiln`;
  }, [found]);
  const deleted = useDeleted(id);
  if (deleted) return <Deleted />;
  if (winner.error?.status === 409) return <NotYet id={id} />;
  if (winner.error !== null) return <Failure error={winner.error} retry={winner.reload} />;
  if (found === null) return <Loading height={420} />;
  const { runnerUp } = found;
  return (
    <>
      <nav class="crumbs" aria-label="Where this winner belongs">
        <a class="truncate" href={links.experiment(id)}>
          {experiment.data?.name ?? 'Experiment'}
        </a>
        <span aria-hidden="true">/</span>
        <span>winner</span>
      </nav>
      <div class="page-head">
        <div>
          <h1>
            <a class="plain" href={links.trial(found.trialId)}>
              Trial {found.index}
            </a>{' '}
            won
          </h1>
          <p class="subtitle mono truncate">{shortNetwork(found.network)}</p>
        </div>
        <Downloads winner={found} />
      </div>
      <dl class="readouts">
        <Figure
          title="Test accuracy"
          value={percent(found.testAccuracy)}
          more={`${count(found.testCorrect)} of ${count(found.testTotal)}`}
        />
        <Figure
          title="Score"
          value={score(found.score)}
          more={runnerUp === null ? '' : `runner-up ${score(runnerUp.score)}`}
        />
        <Figure
          title="Validation"
          value={percent(found.validationAccuracy)}
          more={`loss ${found.validationLoss.toFixed(4)}`}
        />
        <Figure title="Weights" value={bytes(found.weightBytes)} more="bytes" />
        <Figure
          title="In all"
          value={bytes(found.totalBytes)}
          more={`of ${bytes(found.budgetBytes)} bytes`}
        />
      </dl>
      <p class="reason">{found.reason}</p>
      <div class="grid columns-2">
        <Panel title="Try it" hint="the integer engine, in this browser: what the device would compute">
          {model.error && <p class="faint small">{model.error.message}</p>}
          {prepared === null ? (
            !model.error && <Loading height={320} />
          ) : (
            <DrawPanel model={prepared} image={image} onImage={setImage} />
          )}
        </Panel>
        <Panel title="Memory" hint="bytes alive while each layer runs">
          {prepared === null ? (
            !model.error && <Loading height={320} />
          ) : (
            <MemoryMap winner={found} input={prepared.shape} />
          )}
        </Panel>
      </div>
      <TestRunPanels id={id} onTry={setImage} />
      <div class="grid columns-2">
        <Exports id={id} />
        <Provenance winner={found} />
      </div>
    </>
  );
}

function NotYet({ id }: { readonly id: string }) {
  return (
    <Empty title="There is no winner yet">
      <p>It is picked when the last stage’s trials are done.</p>
      <a class="button" href={links.experiment(id)}>
        Watch the trials
      </a>
    </Empty>
  );
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

function Provenance({ winner }: { readonly winner: Winner }) {
  const { seeds, numericsId, reproducible, dataHash, version } = winner.provenance;
  return (
    <Panel title="Where it came from" hint="the same request gives the same bytes">
      <dl class="facts">
        <dt>Seeds</dt>
        <dd>
          experiment {seeds.experiment}, {seeds.stage}, trial {seeds.trial}
        </dd>
        <dt>Numerics</dt>
        <dd class="mono">
          {numericsId}
          {reproducible ? '' : ' (not reproducible on every host)'}
        </dd>
        <dt>Images</dt>
        <dd class="mono">{dataHash}</dd>
        <dt>model.json</dt>
        <dd class="mono">{winner.models.json.sha256}</dd>
        <dt>bitkiln</dt>
        <dd>{version}</dd>
      </dl>
    </Panel>
  );
}
