import { isTransientError, relayOutbox, startMaintenance } from '@bitkiln/lifecycle';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';

declare module 'fastify' {
  interface FastifyInstance {
    /** Sends committed wake-ups to the queue now, rather than at the loop's next turn; never throws. */
    relayOutbox(): void;
  }
}

/** Sends committed wake-ups to the queue and puts back what was lost, for as long as the app runs. */
export default fp(
  async (app: FastifyInstance) => {
    const onError = (error: unknown) => {
      if (isTransientError(error))
        app.log.warn({ err: error }, 'maintenance waits for Postgres or the queue');
      else app.log.error({ err: error }, 'maintenance failed');
    };
    const relays = new Set<Promise<unknown>>();
    app.decorate('relayOutbox', () => {
      const relay = relayOutbox(app.database, app.queue).catch(onError);
      relays.add(relay);
      relay.finally(() => relays.delete(relay));
    });
    let loop: ReturnType<typeof startMaintenance> | undefined;
    app.addHook('onReady', async () => {
      loop = startMaintenance(app.database, app.queue, {
        onError,
        onReport: (report) => {
          if (Object.values(report).some((count) => count > 0)) app.log.info(report, 'reconciled');
        },
      });
    });
    app.addHook('onClose', async () => {
      await loop?.stop();
      await Promise.all(relays);
    });
  },
  { name: 'maintenance', dependencies: ['database'] },
);
