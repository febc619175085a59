import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, toApiError } from '../api/client.ts';

/** Asks before something that can't be undone; stays open, and says why, where it fails. */
export function ConfirmDialog(props: {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly confirm: string;
  readonly onConfirm: () => Promise<unknown>;
  readonly onClose: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const confirm = async () => {
    setBusy(true);
    try {
      await props.onConfirm();
      props.onClose();
    } catch (reason) {
      setError(toApiError(reason));
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} onClose={props.onClose} aria-labelledby="confirm-title">
      <div class="dialog-body">
        <h2 id="confirm-title">{props.title}</h2>
        <div class="dim small">{props.children}</div>
        {error && (
          <p class="notice" role="alert">
            {error.title}: {error.message}
          </p>
        )}
        <div class="page-actions">
          <button type="button" class="button quiet" onClick={props.onClose}>
            Keep as it is
          </button>
          <button type="button" class="button danger" disabled={busy} onClick={confirm}>
            {props.confirm}
          </button>
        </div>
      </div>
    </dialog>
  );
}
