import { get } from '../../api/client.ts';
import type { Trial, Weights } from '../../api/types.ts';
import { useResource } from '../../live/use-resource.ts';
import { query, setQuery } from '../../router/router.ts';
import { Loading, Panel, Tabs } from '../../ui/parts.tsx';
import { checkpointTitles } from './checkpoints.tsx';
import { Histogram } from './histogram.tsx';
import { Kernels } from './kernels.tsx';

type Kind = keyof typeof checkpointTitles;

/** The weights of one of the trial's checkpoints: each layer's spread, and the first filters as pictures. */
export function WeightsPanel({ trial }: { readonly trial: Trial }) {
  const kinds = trial.checkpoints.map(({ kind }) => kind);
  const asked = query.value.get('checkpoint');
  const kind = kinds.find((each) => each === asked) ?? 'lowestLoss';
  const kept = trial.checkpoints.find((each) => each.kind === kind);
  const { data, error } = useResource(
    kept === undefined ? null : `${trial.id} ${kind} ${kept.sha256}`,
    (signal) => get<Weights>(`/trials/${trial.id}/weights?checkpoint=${kind}`, signal),
  );
  if (kept === undefined) return null;
  return (
    <div class="grid">
      <Panel
        title="Weights"
        hint={
          trial.stage === 'float'
            ? 'not quantized in this stage'
            : 'outline: as learned; bars: the levels they become; lines: the scale'
        }
        tools={
          <Tabs<Kind>
            label="Checkpoint"
            options={kinds.map((each) => [each, checkpointTitles[each]] as const)}
            value={kind}
            onChange={(checkpoint) => setQuery({ checkpoint })}
          />
        }
      >
        {error !== null && <p class="faint small">{error.message}</p>}
        {error === null && data === null && <Loading height={240} />}
        {data !== null && (
          <>
            {data.firstKernels !== null && <Kernels kernels={data.firstKernels} />}
            <div class="histograms">
              {data.histograms.map((histogram) => (
                <Histogram key={`${histogram.op} ${histogram.kind}`} histogram={histogram} />
              ))}
            </div>
          </>
        )}
      </Panel>
    </div>
  );
}
