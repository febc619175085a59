import type { Experiment } from '../../api/types.ts';
import { mayActAs } from '../../live/session.ts';
import { links, navigate } from '../../router/router.ts';
import { type Action, ActionButtons } from '../../ui/actions.tsx';
import type { ExperimentStore } from './experiment-store.ts';

const isOpen = ({ finishedAt }: Experiment) => finishedAt === null;

const actions: readonly Action<Experiment>[] = [
  {
    name: 'pause',
    title: 'Pause',
    question: 'Pause this experiment?',
    consequence: 'Trials that run end their epoch and are handed back; none is given out. Nothing is lost.',
    applies: (experiment) => isOpen(experiment) && experiment.pausedAt === null,
  },
  {
    name: 'resume',
    title: 'Resume',
    question: 'Let this experiment go on?',
    consequence: 'Its trials go on from their last epochs.',
    applies: (experiment) => isOpen(experiment) && experiment.pausedAt !== null,
  },
  {
    name: 'retry',
    title: 'Retry evaluation',
    question: 'Evaluate the winner again?',
    consequence: 'The winner was picked, but running it on the test images failed. It is run once more.',
    applies: ({ state, stages }) => state === 'failed' && stages.at(-1)?.state === 'succeeded',
  },
  {
    name: 'cancel',
    title: 'Cancel',
    question: 'Cancel this experiment?',
    consequence:
      'Its trials stop at once and no winner is picked. What they have recorded so far stays here to look at.',
    applies: isOpen,
  },
  {
    name: null,
    title: 'Delete',
    question: 'Delete this experiment?',
    consequence: 'Its trials, epochs, checkpoints and model files are removed for good.',
    applies: (experiment) => !isOpen(experiment),
  },
];

export function Actions(props: { readonly store: ExperimentStore; readonly experiment: Experiment }) {
  const { store, experiment } = props;
  return (
    <div class="page-actions">
      {mayActAs('submit') && (
        <a class="button" href={`${links.newExperiment}?from=${experiment.id}`}>
          Start another like it
        </a>
      )}
      <ActionButtons
        actions={actions}
        thing={experiment}
        address={`/experiments/${experiment.id}`}
        onDone={(reply) => (reply === null ? navigate(links.experiments) : void store.refresh())}
      />
      {experiment.winner !== null && (
        <a class="button primary" href={links.winner(experiment.id)}>
          Meet the winner
        </a>
      )}
    </div>
  );
}
