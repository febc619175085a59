import { useEffect, useState } from 'preact/hooks';
import { type ApiError, post, toApiError } from '../../api/client.ts';
import type { Check } from '../../api/types.ts';

/** Asks the API what an experiment would be, a moment after it has last changed. The last good answer stays. */
export function useCheck(body: Record<string, unknown>) {
  const [check, setCheck] = useState<Check | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(true);
  const key = JSON.stringify(body);
  useEffect(() => {
    const abort = new AbortController();
    setBusy(true);
    const timer = setTimeout(() => {
      post<Check>('/experiments/check', JSON.parse(key), { signal: abort.signal })
        .then((found) => {
          setCheck(found);
          setError(null);
          setBusy(false);
        })
        .catch((reason) => {
          if (abort.signal.aborted) return;
          setError(toApiError(reason));
          setBusy(false);
        });
    }, 140);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key]);
  return { check, error, busy };
}
