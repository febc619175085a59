import { createParser, type EventSourceMessage } from 'eventsource-parser';

export interface EventStream {
  readonly status: number;
  readonly headers: Headers;
  readonly messages: readonly EventSourceMessage[];
  readonly comments: readonly string[];
  /** Waits until that many messages have come. */
  until(count: number): Promise<readonly EventSourceMessage[]>;
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Reads an event stream over a real socket. */
export async function openEventStream(
  url: string,
  headers: Record<string, string> = {},
): Promise<EventStream> {
  const abort = new AbortController();
  const response = await fetch(url, {
    headers: { accept: 'text/event-stream', ...headers },
    signal: abort.signal,
  });
  const messages: EventSourceMessage[] = [];
  const comments: string[] = [];
  const arrivals = new EventTarget();
  const parser = createParser({
    onEvent: (message) => {
      messages.push(message);
      arrivals.dispatchEvent(new Event('message'));
    },
    onComment: (comment) => comments.push(comment),
  });
  const ended = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) parser.feed(decoder.decode(chunk, { stream: true }));
  })();
  ended.catch(() => undefined);
  return {
    status: response.status,
    headers: response.headers,
    messages,
    comments,
    ended,
    until: (count) =>
      new Promise((resolve, reject) => {
        const check = () => messages.length >= count && resolve(messages);
        arrivals.addEventListener('message', check);
        ended.then(
          () => messages.length < count && reject(new Error(`ended after ${messages.length} messages`)),
          reject,
        );
        check();
      }),
    close: () => abort.abort(),
  };
}
