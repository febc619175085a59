import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, toApiError } from '../api/client.ts';

/** Asks before something is done; stays open, and says why, where it fails. */
export function ConfirmDialog(props: {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly confirm: string;
  /** What the reason is called, where one must be given. */
  readonly reason?: string | undefined;
  readonly onConfirm: (reason: string) => Promise<unknown>;
  readonly onClose: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const confirm = async () => {
    setBusy(true);
    try {
      await props.onConfirm(reason.trim());
      props.onClose();
    } catch (failure) {
      setError(toApiError(failure));
      setBusy(false);
    }
  };
  const missing = props.reason !== undefined && reason.trim() === '';
  return (
    <dialog ref={dialog} onClose={props.onClose} aria-labelledby="confirm-title">
      <form
        class="dialog-body"
        onSubmit={(event) => {
          event.preventDefault();
          void confirm();
        }}
      >
        <h2 id="confirm-title">{props.title}</h2>
        <div class="dim small">{props.children}</div>
        {props.reason !== undefined && (
          <label class="field small">
            {props.reason}
            <input
              class="input"
              value={reason}
              maxLength={1000}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          </label>
        )}
        {error && (
          <p class="notice" role="alert">
            {error.title}: {error.message}
          </p>
        )}
        <div class="page-actions">
          <button type="button" class="button quiet" onClick={props.onClose}>
            Keep as it is
          </button>
          <button type="submit" class="button danger" disabled={busy || missing}>
            {props.confirm}
          </button>
        </div>
      </form>
    </dialog>
  );
}
