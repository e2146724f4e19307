import { randomToken } from '../../src/base/ids.js';
import { connectRedis, type RedisConnection } from '../../src/redis/index.js';

const url = process.env.TEST_REDIS_URL;

/** Where suites run: in memory always, on a real server when one is given. */
export const BACKENDS: readonly Backend[] = url ? ['memory', 'redis'] : ['memory'];

export type Backend = 'memory' | 'redis';

/** A connection whose keys are its own; `dispose` removes them. */
export async function openBackend(
  backend: Backend,
): Promise<{ connection: RedisConnection; dispose(): Promise<void> }> {
  const namespace = `test-${randomToken(9)}:`;
  const connection = await connectRedis({ url: backend === 'redis' ? url : undefined, namespace, maxConnections: 50 });
  return {
    connection,
    dispose: async () => {
      if (backend === 'redis') await removeKeys(connection, `*${namespace}*`);
      await connection.close();
    },
  };
}

async function removeKeys({ client }: RedisConnection, pattern: string): Promise<void> {
  let cursor = '0';
  do {
    const [next, keys] = await client.scan(cursor, 'MATCH', pattern, 'COUNT', 500);
    if (keys.length > 0) await client.unlink(...keys);
    cursor = next;
  } while (cursor !== '0');
}
