import { connectRedis, findServerFaults, type RedisConnection, redactRedisUrl } from '../../redis/index.js';
import type { KernelSettings } from '../../service/settings/settings.js';
import { clockOf, type Finding, fault, ok, reasonOf, warning } from './finding.js';

const SUBJECT = 'redis';

/** Is it there, how fast, does it keep what it is given, and what time is it there? */
export async function checkRedis({ redis }: KernelSettings, isProd: boolean): Promise<Finding[]> {
  const { url, ...options } = redis;
  if (url === null) {
    const message = 'none is named: jobs, limits and sessions live in the memory of one process';
    return [isProd ? fault(SUBJECT, message, 'Set REDIS_URL to redis://host:6379') : ok(SUBJECT, message)];
  }
  let connection: RedisConnection;
  try {
    connection = await connectRedis({ ...options, url, maxConnections: 1, allowFallback: false });
  } catch (error) {
    return [fault(SUBJECT, reasonOf(error), 'Set REDIS_URL to where a Redis listens, and let it through the firewall')];
  }
  try {
    const ms = await connection.ping();
    return [
      ok(SUBJECT, `${redactRedisUrl(url)} answers in ${ms.toFixed(1)} ms`),
      ...(await serverFindings(connection)),
      await clockOf(SUBJECT, async () => {
        const [seconds, micros] = await connection.client.time();
        return Number(seconds) * 1_000 + Number(micros) / 1_000;
      }),
    ];
  } catch (error) {
    return [fault(SUBJECT, reasonOf(error), 'See the log of the Redis server')];
  } finally {
    await connection.close();
  }
}

async function serverFindings({ client }: RedisConnection): Promise<Finding[]> {
  try {
    const faults = await findServerFaults(client);
    if (faults.length === 0) return [ok(SUBJECT, 'it evicts nothing, persists, and is new enough')];
    return faults.map(({ message, mend }) => warning(SUBJECT, message, sentence(mend)));
  } catch (error) {
    const message = `it does not say how it is set up (${reasonOf(error)})`;
    return [warning(SUBJECT, message, 'See that maxmemory-policy is noeviction and appendonly is yes')];
  }
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
