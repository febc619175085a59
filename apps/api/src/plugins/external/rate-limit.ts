import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { tooManyRequests } from '../../problems/access.ts';

export interface RateLimits {
  /** Counts a request against its token, or where it has none against its address. @throws Problem 429 */
  countRequest(request: FastifyRequest, reply: FastifyReply, tokenId: string | null): Promise<void>;
  /** Holds back an address that has presented too many wrong tokens. @throws Problem 429 */
  checkGuesses(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  countGuess(request: FastifyRequest): Promise<void>;
}

declare module 'fastify' {
  interface FastifyInstance {
    rateLimits: RateLimits;
  }
  interface FastifyRequest {
    /** What the request is counted under. */
    limitKey: string;
  }
}

export interface RateLimitOptions {
  /** Most requests a minute of a token, and of an address without one; 0 for no limit. An event stream is one. */
  readonly requestsPerMinute?: number;
}

const defaultRequests = 12_000;
const guessesPerMinute = 60;
const windowMs = 60_000;

/** Counts requests by the minute, in this process's memory. */
export default fp(
  async (app: FastifyInstance, { requestsPerMinute = defaultRequests }: RateLimitOptions) => {
    await app.register(rateLimit, { global: false });
    app.decorateRequest('limitKey', '');
    const limiter = (max: number) =>
      app.createRateLimit({ max, timeWindow: windowMs, keyGenerator: ({ limitKey }) => limitKey });
    const requests = limiter(requestsPerMinute);
    const guesses = limiter(guessesPerMinute);

    const refuse = async (
      limit: ReturnType<typeof limiter>,
      [request, reply, what]: readonly [FastifyRequest, FastifyReply, string],
      options: { increment?: boolean } = {},
    ) => {
      const found = await limit(request, options);
      if (found.isAllowed || !found.isExceeded) return;
      reply.header('retry-after', Math.max(1, found.ttlInSeconds));
      throw tooManyRequests(what, found.max);
    };
    app.decorate('rateLimits', {
      countRequest: async (request, reply, tokenId) => {
        if (requestsPerMinute === 0) return;
        request.limitKey = tokenId ?? normalizeIP(request.ip);
        await refuse(requests, [request, reply, 'requests']);
      },
      checkGuesses: async (request, reply) => {
        request.limitKey = normalizeIP(request.ip);
        // The guess that is about to be made would be one more than those counted.
        await refuse(guesses, [request, reply, 'wrong tokens'], { increment: false });
      },
      countGuess: async (request) => {
        request.limitKey = normalizeIP(request.ip);
        await guesses(request);
      },
    } satisfies RateLimits);
  },
  { name: 'rate-limit' },
);
