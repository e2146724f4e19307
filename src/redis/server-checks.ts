import type { Logger } from '../base/ports.js';
import type { RedisClient } from './redis-client.js';

const OLDEST_VERSION = [6, 2] as const;

/** Warns once, at start, of a server that could lose or evict what is stored there. */
export async function warnOfUnsafeServer(client: RedisClient, logger: Logger): Promise<void> {
  let info: Map<string, string>;
  try {
    info = parseInfo(await client.info());
  } catch (error) {
    logger.info({ err: error }, 'Redis does not say how it is set up; see that it evicts nothing and persists');
    return;
  }
  const policy = info.get('maxmemory_policy');
  if (policy && policy !== 'noeviction') {
    logger.warn(
      { policy },
      `Redis may evict jobs and sessions when it is full (maxmemory-policy ${policy}); set it to noeviction`,
    );
  }
  if (info.get('aof_enabled') === '0') {
    logger.warn('Redis persists no append-only file, so a crash of Redis may lose jobs; set appendonly yes');
  }
  const version = info.get('redis_version');
  if (version && isOlder(version)) {
    logger.warn({ version }, `Redis ${version} is too old; jobs need ${OLDEST_VERSION.join('.')} or newer`);
  }
}

function parseInfo(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line.includes(':'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]));
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST_VERSION[0] || (major === OLDEST_VERSION[0] && minor < OLDEST_VERSION[1]);
}
