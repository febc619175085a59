import { useEffect, useState } from 'preact/hooks';
import { type ApiError, toApiError } from '../api/client.ts';
import { connections } from './service.ts';

export interface Resource<T> {
  readonly data: T | null;
  readonly error: ApiError | null;
  readonly reload: () => void;
}

interface Held<T> {
  readonly key: string;
  readonly data: T | null;
  readonly error: ApiError | null;
}

/**
 * Reads something when its key changes, and again after every lost connection; what was read stays in sight
 * meanwhile. A null key reads nothing.
 */
export function useResource<T>(key: string | null, load: (signal: AbortSignal) => Promise<T>): Resource<T> {
  const [held, setHeld] = useState<Held<T>>({ key: '', data: null, error: null });
  const [asked, setAsked] = useState(0);
  const connection = connections.value;
  useEffect(() => {
    if (key === null) return;
    const abort = new AbortController();
    load(abort.signal).then(
      (data) => !abort.signal.aborted && setHeld({ key, data, error: null }),
      (reason) => {
        if (abort.signal.aborted) return;
        const error = toApiError(reason);
        // An outage takes nothing off the page: the line on top tells of it.
        setHeld((before) =>
          before.key === key && before.data !== null && error.status === 0
            ? before
            : { key, data: null, error },
        );
      },
    );
    return () => abort.abort();
  }, [key, asked, connection]);
  const current = held.key === key;
  return {
    data: current ? held.data : null,
    error: current ? held.error : null,
    reload: () => setAsked((count) => count + 1),
  };
}
