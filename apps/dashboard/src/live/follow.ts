import { createParser, type EventSourceMessage } from 'eventsource-parser';

export interface FollowOptions {
  /** Where to begin, and where to go on after a break; asked before every connection. */
  readonly url: () => string;
  readonly onMessage: (message: EventSourceMessage) => void;
  readonly onOpen?: () => void;
  /** The connection has broken, and is tried again. */
  readonly onLost?: () => void;
  /** The server wants a token, or another; nothing more is tried. */
  readonly onRefused?: () => void;
  /** All has been sent, and no more will come; nothing more is tried. */
  readonly onOver?: () => void;
  /** There is no such thing, or no longer; nothing more is tried. */
  readonly onGone?: () => void;
}

const firstWaitMs = 500;
const longestWaitMs = 5000;
/** The server writes a comment every 15 s: a connection that is silent for longer is dead, whatever TCP says. */
const silenceMs = 40_000;

/**
 * Follows server-sent events over any number of connections until the returned function is called. EventSource
 * would give up on the first error reply, and never notice a connection that has died silently.
 */
export function follow(options: FollowOptions): () => void {
  const stopped = new AbortController();
  void run(options, stopped.signal);
  return () => stopped.abort();
}

async function run(options: FollowOptions, stopped: AbortSignal): Promise<void> {
  let wait = firstWaitMs;
  while (!stopped.aborted) {
    try {
      const outcome = await connection(options, stopped, () => {
        wait = firstWaitMs;
      });
      if (outcome === 'refused') options.onRefused?.();
      if (outcome === 'over') options.onOver?.();
      if (outcome === 'gone') options.onGone?.();
      if (outcome !== 'broken') return;
    } catch {
      // Told below: why a connection broke makes no difference to what is done.
    }
    if (stopped.aborted) return;
    options.onLost?.();
    await pause(wait, stopped);
    wait = Math.min(wait * 2, longestWaitMs);
  }
}

async function connection(
  { url, onMessage, onOpen }: FollowOptions,
  stopped: AbortSignal,
  connected: () => void,
): Promise<'over' | 'refused' | 'gone' | 'broken'> {
  const silent = new AbortController();
  let timer = setTimeout(() => silent.abort(), silenceMs);
  try {
    const response = await fetch(url(), {
      headers: { accept: 'text/event-stream' },
      cache: 'no-store',
      signal: AbortSignal.any([stopped, silent.signal]),
    });
    if (response.status === 204) return 'over';
    if (response.status === 401 || response.status === 403) return 'refused';
    if (response.status === 404) return 'gone';
    if (!response.ok || response.body === null) return 'broken';
    connected();
    onOpen?.();
    const parser = createParser({ onEvent: onMessage });
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return 'broken';
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), silenceMs);
      if (stopped.aborted) return 'broken';
      parser.feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Waits, but not where the network has just come back or the reader has returned to the page. */
function pause(ms: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = new AbortController();
    const done = () => {
      clearTimeout(timer);
      over.abort();
      resolve();
    };
    const timer = setTimeout(done, ms);
    const { signal } = over;
    stopped.addEventListener('abort', done, { signal });
    window.addEventListener('online', done, { signal });
    document.addEventListener('visibilitychange', done, { signal });
  });
}
