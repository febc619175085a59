import type { Database, JobQueue } from '@bitkiln/lifecycle';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';

declare module 'fastify' {
  interface FastifyInstance {
    database: Database;
    queue: JobQueue;
  }
}

export interface DatabaseOptions {
  readonly database: Database;
  readonly queue: JobQueue;
}

/** Postgres and the queue, as their opener made them; whoever opened them closes them, after the app. */
export default fp(
  async (app: FastifyInstance, { database, queue }: DatabaseOptions) => {
    app.decorate('database', database);
    app.decorate('queue', queue);
  },
  { name: 'database' },
);
