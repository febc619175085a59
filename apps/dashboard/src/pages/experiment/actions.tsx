import { useState } from 'preact/hooks';
import { post } from '../../api/client.ts';
import type { Experiment } from '../../api/types.ts';
import { mayAct } from '../../live/session.ts';
import { links } from '../../router/router.ts';
import { ConfirmDialog } from '../../ui/confirm.tsx';
import type { ExperimentStore } from './experiment-store.ts';

/** What can be done to an experiment: where it applies, and what it is asked about before. */
interface Action {
  readonly name: string;
  readonly title: string;
  readonly question: string;
  readonly consequence: string;
  readonly applies: (experiment: Experiment) => boolean;
}

const actions: readonly Action[] = [
  {
    name: 'cancel',
    title: 'Cancel',
    question: 'Cancel this experiment?',
    consequence:
      'Its trials stop at once and no winner is picked. What they have recorded so far stays here to look at.',
    applies: ({ finishedAt }) => finishedAt === null,
  },
];

export function Actions(props: { readonly store: ExperimentStore; readonly experiment: Experiment }) {
  const { store, experiment } = props;
  const [asking, setAsking] = useState<Action | null>(null);
  return (
    <div class="page-actions">
      {mayAct() && (
        <a class="button" href={`${links.newExperiment}?from=${experiment.id}`}>
          Start another like it
        </a>
      )}
      {actions
        .filter(({ applies }) => mayAct() && applies(experiment))
        .map((action) => (
          <button key={action.name} type="button" class="button" onClick={() => setAsking(action)}>
            {action.title}
          </button>
        ))}
      {experiment.winner !== null && (
        <a class="button primary" href={links.winner(experiment.id)}>
          Meet the winner
        </a>
      )}
      {asking !== null && (
        <ConfirmDialog
          title={asking.question}
          confirm={asking.title}
          onConfirm={async () => {
            await post(`/experiments/${experiment.id}/${asking.name}`, {});
            await store.refresh();
          }}
          onClose={() => setAsking(null)}
        >
          {asking.consequence}
        </ConfirmDialog>
      )}
    </div>
  );
}
