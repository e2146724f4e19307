import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError, ConnectionError } from '../../src/base/errors.js';
import { type Logger, silentLogger } from '../../src/base/ports.js';
import { Services } from '../../src/base/services.js';
import {
  type ConnectRedisOptions,
  connectRedis,
  getRedis,
  getSyncRedis,
  isRedisFake,
  type RedisConnection,
  redactRedisUrl,
  redisService,
} from '../../src/redis/index.js';
import { BACKENDS, openBackend } from './backends.js';

const NOBODY = 'redis://user:hunter2@127.0.0.1:1/0';

describe('connectRedis', () => {
  const open: RedisConnection[] = [];
  const connect = async (options?: ConnectRedisOptions) => {
    const connection = await connectRedis(options);
    open.push(connection);
    return connection;
  };
  afterEach(() => Promise.all(open.splice(0).map((connection) => connection.close())));

  it('serves from memory without a URL, and each service for itself', async () => {
    const [one, two] = [await connect(), await connect()];
    await one.client.set('key', 'one');
    expect(one.isFake).toBe(true);
    expect(await one.jobs.get('key')).toBe('one');
    expect(await two.client.get('key')).toBeNull();
  });

  it('refuses to start when the URL cannot be reached, and keeps its password to itself', async () => {
    const error = await connect({ url: NOBODY }).catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(ConnectionError);
    expect((error as Error).message).toContain('redis://user:***@127.0.0.1:1/0');
    expect((error as Error).message).toContain('ECONNREFUSED');
    expect((error as Error).message).not.toContain('hunter2');
  });

  it('gives up in time on a server that accepts and says nothing', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const begin = performance.now();
    const limits = { socketTimeoutSeconds: 0.2, socketConnectTimeoutSeconds: 0.2 };
    await expect(connect({ url: `redis://127.0.0.1:${port}`, ...limits })).rejects.toThrow(ConnectionError);
    expect(performance.now() - begin).toBeLessThan(3000);
    server.close();
  });

  it('falls back to memory only when told so, and says it aloud', async () => {
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_fields, message) => warnings.push(message ?? '') };
    const connection = await connect({ url: NOBODY, allowFallback: true, logger });
    expect(connection.isFake).toBe(true);
    expect(warnings.join()).toContain('serving from memory');
  });

  it('refuses a URL that is not Redis, and numbers out of range', async () => {
    await expect(connect({ url: 'http://secret@localhost' })).rejects.toThrow('the scheme "http:" is not Redis');
    await expect(connect({ url: 'nonsense' })).rejects.toThrow(ConfigError);
    await expect(connect({ maxConnections: 0 })).rejects.toThrow('redis.maxConnections');
    await expect(connect({ url: NOBODY, socketTimeoutSeconds: -1 })).rejects.toThrow('redis.socketTimeoutSeconds');
  });

  it('opens no more clients than it may, and shares one when that is all', async () => {
    const connection = await connect({ maxConnections: 3 });
    expect(connection.jobs).not.toBe(connection.client);
    connection.open('events');
    expect(() => connection.open('one more')).toThrow('Allow at least 4');
    const single = await connect({ maxConnections: 1 });
    expect(single.jobs).toBe(single.client);
  });

  it('answers the accessors while a kernel runs, and null or false otherwise', async () => {
    expect([getRedis(), getSyncRedis(), isRedisFake()]).toEqual([null, null, false]);
    const connection = await connect();
    const services = new Services();
    services.provide(redisService, connection);
    expect([getRedis() === connection.client, getSyncRedis() === connection.jobs, isRedisFake()]).toEqual([
      true,
      true,
      true,
    ]);
    services.close();
    expect(getRedis()).toBeNull();
  });

  it('hides passwords in every part of a URL', () => {
    expect(redactRedisUrl('redis://:pa%40ss@host:1/2?password=x&db=1')).toBe('redis://:***@host:1/2?password=***&db=1');
    expect(redactRedisUrl('not a url: secret')).toBe('(not a URL)');
  });
});

for (const backend of BACKENDS) {
  describe(`a Redis connection (${backend})`, () => {
    it('prefixes its keys, answers a ping, shares data among its clients and closes twice', async () => {
      const { connection, dispose } = await openBackend(backend);
      const key = connection.key('greeting');
      expect(key).toBe(`${connection.namespace}greeting`);
      await connection.client.set(key, 'hello');
      expect(await connection.jobs.get(key)).toBe('hello');
      expect(await connection.ping()).toBeGreaterThanOrEqual(0);
      await dispose();
      await connection.close();
      expect(connection.openConnections).toBe(0);
    });
  });
}
