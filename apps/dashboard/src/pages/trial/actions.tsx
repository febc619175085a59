import type { Trial } from '../../api/types.ts';
import { links, navigate } from '../../router/router.ts';
import { type Action, ActionButtons } from '../../ui/actions.tsx';

const actions: readonly Action<Trial>[] = [
  {
    name: 'retry',
    title: 'Retry',
    question: 'Try this trial again?',
    consequence:
      'It goes on from its latest checkpoint with three attempts more; an experiment that failed over it goes on too.',
    applies: ({ state, invalid }) => state === 'failed' && invalid === null,
  },
  {
    name: 'restart',
    title: 'Restart',
    question: 'Start this trial from epoch 0?',
    consequence: 'Its epochs and checkpoints are dropped, and any worker may take it.',
    applies: ({ state, epochsDone }) =>
      state === 'failed' || ((state === 'queued' || state === 'preempted') && epochsDone > 0),
  },
  {
    name: 'repeat',
    title: 'Repeat',
    question: 'Train this trial once more from the same seeds?',
    consequence: 'The repeat counts in no pick. When it is done, its bytes are compared with this one’s.',
    applies: ({ state, repeat }) => state === 'succeeded' && repeat === null,
  },
  {
    name: 'invalidate',
    title: 'Invalidate',
    question: 'Declare this trial invalid?',
    consequence:
      'It stays in the record, and out of every pick. The reason is kept with it. This can’t be taken back.',
    reason: 'Reason',
    applies: ({ invalid, repeat }) => invalid === null && repeat === null,
  },
];

export function TrialActions(props: { readonly trial: Trial; readonly onDone: () => void }) {
  const { trial, onDone } = props;
  return (
    <ActionButtons
      actions={actions}
      thing={trial}
      address={`/trials/${trial.id}`}
      onDone={(reply, { name }) => {
        if (name === 'repeat') navigate(links.trial((reply as Trial).id));
        else onDone();
      }}
    />
  );
}
