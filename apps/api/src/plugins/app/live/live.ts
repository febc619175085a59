import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import { LiveFeed } from './live-feed.ts';

declare module 'fastify' {
  interface FastifyInstance {
    liveFeed: LiveFeed;
  }
}

export interface LiveOptions {
  /** Milliseconds between looks for changes. */
  readonly liveIntervalMs?: number;
}

/** What the live stream of experiments and workers reads from. */
export default fp(
  async (app: FastifyInstance, { liveIntervalMs = 1000 }: LiveOptions) => {
    const feed = new LiveFeed(
      {
        sequences: (since) => app.experiments.findSequences(since),
        experiments: (ids) => app.experiments.findBriefs(ids),
        workers: (since) => app.workers.present(since),
        requests: (since) => app.audit.late(since),
      },
      {
        intervalMs: liveIntervalMs,
        onError: (error) => app.log.warn({ err: error }, 'the live stream waits for Postgres'),
      },
    );
    app.decorate('liveFeed', feed);
    app.addHook('preClose', async () => feed.close());
  },
  { name: 'live', dependencies: ['experiments', 'workers', 'audit'] },
);
