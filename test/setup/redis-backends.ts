import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';

/** One kind of Redis that a suite runs over. */
export interface RedisBackend {
  name: 'mock' | 'redis';
  /** Undefined stands for the in-memory mock. */
  url: string | undefined;
}

/** `npm test` sets it; by hand: `TEST_REDIS_URL=redis://127.0.0.1:6379 npx vitest run test/jobs`. */
export function redisUrl(): string | undefined {
  return process.env.TEST_REDIS_URL || undefined;
}

/** The mock always, a real server where one is known: `for (const backend of REDIS_BACKENDS) describe(backend.name, …)`. */
export const REDIS_BACKENDS: readonly RedisBackend[] = [
  { name: 'mock', url: undefined },
  ...(redisUrl() ? [{ name: 'redis', url: redisUrl() } as const] : []),
];

/** What every prefix of this test file begins with, for `removeKeys`: other files run beside it on the same server. */
export const FILE_PREFIX = `app-kernel-test:${randomBytes(6).toString('hex')}:`;

/** A key prefix that no other test uses, as the server is shared. Give it back to `removeKeys`. */
export function freshPrefix(): string {
  return `${FILE_PREFIX}${randomBytes(6).toString('hex')}:`;
}

/** Removes from the server of `url` every key that contains `prefix`; answers how many there were. */
export async function removeKeys(url: string, prefix: string): Promise<number> {
  const client = new Redis(url);
  try {
    let removed = 0;
    for await (const keys of client.scanStream({ match: `*${prefix}*`, count: 1000 }) as AsyncIterable<string[]>) {
      if (keys.length > 0) removed += await client.unlink(...keys);
    }
    return removed;
  } finally {
    client.disconnect();
  }
}
