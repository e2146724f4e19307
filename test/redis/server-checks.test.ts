import { describe, expect, it } from 'vitest';
import { type Logger, silentLogger } from '../../src/base/ports.js';
import type { RedisClient } from '../../src/redis/index.js';
import { warnOfUnsafeServer } from '../../src/redis/server-checks.js';

async function warningsFor(info: Record<string, string>): Promise<string[]> {
  const warnings: string[] = [];
  const warn: Logger['warn'] = (fields, message) => warnings.push(message ?? String(fields));
  const text = Object.entries(info).map(([name, value]) => `${name}:${value}\r\n`);
  const client = { info: async () => `# Section\r\n${text.join('')}` } as unknown as RedisClient;
  await warnOfUnsafeServer(client, { ...silentLogger, warn });
  return warnings;
}

describe('at start, Redis is warned of', () => {
  const safe = { redis_version: '7.0.15', maxmemory_policy: 'noeviction', aof_enabled: '1' };

  it('not at all when it keeps what it is given', async () => {
    expect(await warningsFor(safe)).toEqual([]);
  });

  it('when it may evict keys', async () => {
    expect(await warningsFor({ ...safe, maxmemory_policy: 'allkeys-lru' })).toEqual([
      expect.stringContaining('maxmemory-policy allkeys-lru'),
    ]);
  });

  it('when it writes no append-only file', async () => {
    expect(await warningsFor({ ...safe, aof_enabled: '0' })).toEqual([expect.stringContaining('appendonly yes')]);
  });

  it('when it is too old', async () => {
    expect(await warningsFor({ ...safe, redis_version: '6.0.16' })).toEqual([expect.stringContaining('6.2 or newer')]);
    expect(await warningsFor({ ...safe, redis_version: '6.2.0' })).toEqual([]);
    expect(await warningsFor({ ...safe, redis_version: '10.0.1' })).toEqual([]);
  });

  it('nothing, when it may not be asked', async () => {
    const client = { info: () => Promise.reject(new Error('NOPERM')) } as unknown as RedisClient;
    await expect(warnOfUnsafeServer(client, silentLogger)).resolves.toBeUndefined();
  });
});
