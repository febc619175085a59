import type { FastifyInstance } from 'fastify';

const sweepMs = 50;

/**
 * Makes a closer for an app that lets requests in hand finish and then closes every connection. Node's own closes
 * idle connections once and waits for the others, among them those on which a client has not yet asked anything.
 */
export function closePromptly(app: FastifyInstance): () => Promise<void> {
  let inHand = 0;
  app.server.on('request', (_request, response) => {
    inHand += 1;
    response.once('close', () => {
      inHand -= 1;
    });
  });
  return async () => {
    const sweep = setInterval(() => {
      if (inHand === 0) app.server.closeAllConnections();
    }, sweepMs);
    try {
      await app.close();
    } finally {
      clearInterval(sweep);
    }
  };
}
