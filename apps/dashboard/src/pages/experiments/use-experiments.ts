import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, get, toApiError } from '../../api/client.ts';
import { type ExperimentBrief, type Page, shownState } from '../../api/types.ts';
import { connections, onDeleted, onExperiment } from '../../live/service.ts';

const pageSize = 100;

interface Listing {
  readonly items: readonly ExperimentBrief[] | null;
  readonly error: ApiError | null;
  readonly nextCursor: string | null;
}

const unread: Listing = { items: null, error: null, nextCursor: null };

/** The experiments of a filter: read page by page, then kept up to date by the live stream. */
export function useExperiments(state: string, search: string) {
  const [listing, setListing] = useState(unread);
  const [asked, setAsked] = useState(0);
  const busy = useRef(false);
  const connection = connections.value;

  const read = useCallback(
    (cursor: string | null, signal?: AbortSignal) => {
      const fields = new URLSearchParams({ limit: String(pageSize) });
      for (const [name, value] of Object.entries(queryOf(state))) fields.set(name, value);
      if (search !== '') fields.set('search', search);
      if (cursor !== null) fields.set('cursor', cursor);
      return get<Page<ExperimentBrief>>(`/experiments?${fields}`, signal);
    },
    [state, search],
  );

  useEffect(() => {
    const abort = new AbortController();
    read(null, abort.signal).then(
      ({ items, nextCursor }) => setListing({ items, nextCursor, error: null }),
      (reason) => {
        if (abort.signal.aborted) return;
        const error = toApiError(reason);
        setListing((before) => (before.items !== null && error.status === 0 ? before : { ...unread, error }));
      },
    );
    return () => abort.abort();
  }, [read, connection, asked]);

  useEffect(
    () => onExperiment((changed) => setListing((before) => merge(before, changed, state, search))),
    [state, search],
  );

  useEffect(
    () =>
      onDeleted((id) =>
        setListing((before) => ({
          ...before,
          items: before.items?.filter((item) => item.id !== id) ?? null,
        })),
      ),
    [],
  );

  const { nextCursor } = listing;
  const loadMore = useCallback(() => {
    if (nextCursor === null || busy.current) return;
    busy.current = true;
    read(nextCursor)
      .then((page) =>
        setListing((before) => ({
          items: [...(before.items ?? []), ...page.items],
          nextCursor: page.nextCursor,
          error: null,
        })),
      )
      .catch(() => undefined)
      .finally(() => {
        busy.current = false;
      });
  }, [nextCursor, read]);

  return {
    items: listing.items,
    error: listing.error,
    complete: listing.nextCursor === null,
    loadMore,
    reload: () => setAsked((value) => value + 1),
  };
}

/** A state as it is shown, in the API's terms: while an experiment is paused, that is what it is shown to be. */
function queryOf(state: string): Readonly<Record<string, string>> {
  if (state === '') return {};
  return state === 'paused' ? { paused: 'yes' } : { state, paused: 'no' };
}

/** Puts a changed experiment in its place: ids are in the order of their time, the newest first. */
function merge(before: Listing, changed: ExperimentBrief, state: string, search: string): Listing {
  const { items } = before;
  if (items === null) return before;
  const matches = (state === '' || shownState(changed) === state) && contains(changed, search);
  const place = items.findIndex(({ id }) => id === changed.id);
  if (place >= 0) {
    return { ...before, items: matches ? items.with(place, changed) : items.toSpliced(place, 1) };
  }
  if (!matches) return before;
  const newer = items.findIndex(({ id }) => id < changed.id);
  const end = newer === -1;
  // What belongs behind the pages that were read comes with its page.
  if (end && before.nextCursor !== null) return before;
  return { ...before, items: items.toSpliced(end ? items.length : newer, 0, changed) };
}

function contains({ name, network }: ExperimentBrief, search: string): boolean {
  const text = search.toLowerCase();
  return name.toLowerCase().includes(text) || network.toLowerCase().includes(text);
}
