import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { type Logger, silentLogger } from '../../src/base/ports.js';
import { connectRedis, type RedisConnection } from '../../src/redis/index.js';
import { ScriptedServer } from './scripted-server.js';

const LIMITS = { socketTimeoutSeconds: 0.2, socketConnectTimeoutSeconds: 0.5 };

describe('a client of a real server', () => {
  let server: ScriptedServer;
  let connection: RedisConnection | undefined;
  afterEach(async () => {
    await connection?.close();
    server.close();
  });

  it('shows neither password nor data in errors and logs', async () => {
    server = await ScriptedServer.open((name, args) => {
      if (name === 'auth') return args.includes('wrong-secret') ? '-WRONGPASS invalid password' : '+OK';
      return name === 'set' ? '-OOM command not allowed' : '+OK';
    });
    const lines: unknown[] = [];
    const logger: Logger = { ...silentLogger, warn: (fields) => lines.push(fields) };
    const refused = await connectRedis({ url: server.url('user:wrong-secret@'), logger, ...LIMITS }).catch(identity);
    expect(refused).toMatchObject({ message: expect.stringContaining('WRONGPASS') });
    connection = await connectRedis({ url: server.url('user:right@'), ...LIMITS });
    const failed = [connection.client, connection.jobs, connection.jobs.duplicate()];
    const errors = await Promise.all(failed.map((client) => client.set('key', 'data-secret').catch(identity)));
    for (const error of errors) expect(error).toMatchObject({ message: expect.stringContaining('OOM') });
    expect(lines.length).toBeGreaterThan(0);
    expect(inspect([refused, lines, errors], { depth: 12, showHidden: true })).not.toMatch(/wrong-secret|data-secret/);
    failed.at(-1)?.disconnect();
  });

  it('leaves a connection on which nothing comes back any more', async () => {
    server = await ScriptedServer.open((name, _args, number) => (name === 'get' && number === 1 ? undefined : '+OK'));
    connection = await connectRedis({ url: server.url(), maxConnections: 1, ...LIMITS });
    await expect(connection.client.get('key')).rejects.toThrow('timed out');
    expect(await connection.client.get('key')).toBe('OK');
    expect(server.connections).toBe(2);
  });

  it('connects anew when the server has become a replica', async () => {
    server = await ScriptedServer.open((name, _args, number) =>
      name === 'set' && number === 1 ? "-READONLY You can't write against a read only replica." : '+OK',
    );
    connection = await connectRedis({ url: server.url(), maxConnections: 1, ...LIMITS });
    await expect(connection.client.set('key', 'value')).rejects.toThrow('READONLY');
    expect(await connection.client.set('key', 'value')).toBe('OK');
    expect(server.connections).toBe(2);
  });
});

function identity(error: unknown): unknown {
  return error;
}
