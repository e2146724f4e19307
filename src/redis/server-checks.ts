import type { Logger } from '../base/ports.js';
import type { RedisClient } from './redis-client.js';

const OLDEST_VERSION = [6, 2] as const;

/** Something about a Redis that puts what is stored there at risk. */
export interface ServerFault {
  message: string;
  mend: string;
  fields?: Record<string, string>;
}

/** Warns once, at start, of a server that could lose or evict what is stored there. */
export async function warnOfUnsafeServer(client: RedisClient, logger: Logger): Promise<void> {
  try {
    for (const { message, mend, fields = {} } of await findServerFaults(client))
      logger.warn(fields, `${message}; ${mend}`);
  } catch (error) {
    logger.info({ err: error }, 'Redis does not say how it is set up; see that it evicts nothing and persists');
  }
}

/** @throws what INFO is refused with: hosted servers forbid it at times */
export async function findServerFaults(client: RedisClient): Promise<ServerFault[]> {
  const info = parseInfo(await client.info());
  const faults: ServerFault[] = [];
  const policy = info.get('maxmemory_policy');
  if (policy && policy !== 'noeviction') {
    const message = `Redis may evict jobs and sessions when it is full (maxmemory-policy ${policy})`;
    faults.push({ message, mend: 'set it to noeviction', fields: { policy } });
  }
  if (info.get('aof_enabled') === '0') {
    const message = 'Redis persists no append-only file, so a crash of Redis may lose jobs';
    faults.push({ message, mend: 'set appendonly yes' });
  }
  const version = info.get('redis_version');
  if (version && isOlder(version)) {
    const message = `Redis ${version} is too old`;
    faults.push({ message, mend: `jobs need ${OLDEST_VERSION.join('.')} or newer`, fields: { version } });
  }
  return faults;
}

function parseInfo(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line.includes(':'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]));
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST_VERSION[0] || (major === OLDEST_VERSION[0] && minor < OLDEST_VERSION[1]);
}
