import { createRedisBackend } from 'bullmq';
import { Redis } from 'ioredis';
import { type Backend, silenceMs, workerOptions } from './backend.ts';

const prefix = 'bitkiln';

/**
 * The queue on Redis.
 *
 * @throws Error where the server does not answer within five seconds; later losses are waited out.
 */
export async function openRedisBackend(
  redisUrl: string,
  onError: (error: unknown) => void,
): Promise<Backend> {
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: 5000,
    connectionName: 'bitkiln',
    // BullMQ's commands wait while the connection is away, rather than fail.
    maxRetriesPerRequest: null,
    // A connection that was cut without a word is given up, and its commands are sent again over another.
    socketTimeout: silenceMs,
    retryStrategy: (times) => Math.min(1000, 50 * 2 ** times),
  });
  redis.on('error', onError);
  await connectOnce(redis);
  // The prefix is an option of this backend alone, which the shared factory type leaves out.
  const options = { connection: redis, prefix, ...workerOptions };
  const root = createRedisBackend('root', options);
  root.on('error', onError);
  return {
    kind: 'redis',
    root,
    held: async (queue, jobIds) => {
      const pipeline = redis.pipeline();
      for (const id of jobIds) pipeline.exists(`${prefix}:${queue}:${id}`);
      const replies = (await pipeline.exec()) ?? [];
      const failure = replies.find(([error]) => error !== null)?.[0];
      if (failure) throw failure;
      return new Set(jobIds.filter((_, i) => replies[i]?.[1] === 1));
    },
    close: async () => {
      await root.close();
      redis.disconnect();
    },
  };
}

async function connectOnce(redis: Redis): Promise<void> {
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    redis.disconnect();
    const { host, port } = redis.options;
    throw new Error(`the Redis at ${host}:${port} can't be reached: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
