import { useState } from 'preact/hooks';
import { request } from '../api/client.ts';
import { mayActAs } from '../live/session.ts';
import { ConfirmDialog } from './confirm.tsx';

/** Something that can be done to a thing of the service: where it applies, and what it is asked about before. */
export interface Action<Thing> {
  /** Last part of the address that it is posted to; null deletes. */
  readonly name: string | null;
  readonly title: string;
  readonly question: string;
  readonly consequence: string;
  /** What the reason is called, where one must be given. */
  readonly reason?: string;
  readonly applies: (thing: Thing) => boolean;
}

/** The actions that apply now and that the caller's role allows. */
export function ActionButtons<Thing>(props: {
  readonly actions: readonly Action<Thing>[];
  readonly thing: Thing;
  readonly address: string;
  /** Told of the reply's body; null where there is none. */
  readonly onDone: (reply: unknown, action: Action<Thing>) => void;
}) {
  const { actions, thing, address, onDone } = props;
  const [asking, setAsking] = useState<Action<Thing> | null>(null);
  const allowed = ({ name }: Action<Thing>) => mayActAs(name === null ? 'admin' : 'submit');
  const run = async (action: Action<Thing>, reason: string) => {
    const body = JSON.stringify(action.reason === undefined ? {} : { reason });
    const response =
      action.name === null
        ? await request(address, { method: 'DELETE' })
        : await request(`${address}/${action.name}`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body,
          });
    onDone(response.status === 204 ? null : await response.json(), action);
  };
  return (
    <>
      {actions
        .filter((action) => allowed(action) && action.applies(thing))
        .map((action) => (
          <button key={action.title} type="button" class="button" onClick={() => setAsking(action)}>
            {action.title}
          </button>
        ))}
      {asking !== null && (
        <ConfirmDialog
          title={asking.question}
          confirm={asking.title}
          reason={asking.reason}
          onConfirm={(reason) => run(asking, reason)}
          onClose={() => setAsking(null)}
        >
          {asking.consequence}
        </ConfirmDialog>
      )}
    </>
  );
}
