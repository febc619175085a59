import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { EventFeed } from './event-feed.ts';
import { createEventsRepository } from './events-repository.ts';

declare module 'fastify' {
  interface FastifyInstance {
    eventFeed: EventFeed;
  }
}

export interface EventsOptions {
  /** Milliseconds between looks for new events. */
  readonly eventIntervalMs?: number;
}

/** What the event streams read from; closing the app ends them first, so that it need not wait for them. */
export default fp(
  async (app: FastifyInstance, { eventIntervalMs = 200 }: EventsOptions) => {
    const feed = new EventFeed(createEventsRepository(app.database), {
      intervalMs: eventIntervalMs,
      onError: (error) => app.log.warn({ err: error }, 'event streams wait for Postgres'),
    });
    app.decorate('eventFeed', feed);
    app.addHook('preClose', async () => feed.close());
  },
  { name: 'events', dependencies: ['database'] },
);
