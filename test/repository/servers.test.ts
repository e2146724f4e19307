import { existsSync } from 'node:fs';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { checkSqlServer, createDatabase, dropDatabases, freePort } from '../../scripts/servers/index.mjs';
import {
  type ChildServer,
  FAULT_REDIS,
  freshDatabase,
  freshPrefix,
  REDIS_BACKENDS,
  removeKeys,
  SQL_BACKENDS,
} from '../setup/servers.js';

describe('a free port', () => {
  it('is given once', async () => {
    const ports = await Promise.all(Array.from({ length: 1_000 }, freePort));
    expect(new Set(ports).size).toBe(ports.length);
  });
});

describe('a fresh database', () => {
  for (const backend of SQL_BACKENDS) {
    it(`is another one each time, and its folder goes with it (${backend.name})`, async () => {
      const [one, two] = [await backend.create(), await backend.create()];
      expect(one.dataDir).not.toBe(two.dataDir);
      if (backend.name !== 'sqlite-memory') expect(one.url).not.toBe(two.url);
      await Promise.all([one.drop(), two.drop()]);
      expect(existsSync(one.dataDir)).toBe(false);
    });
  }

  for (const backend of SQL_BACKENDS.filter(({ engine }) => engine !== 'sqlite')) {
    it(`is gone from its server after drop (${backend.name})`, async () => {
      const database = await backend.create();
      await checkSqlServer(database.url);
      await database.drop();
      await expect(checkSqlServer(database.url)).rejects.toThrow(/does not exist|Unknown database/);
    });
  }

  it('names the mend where no server is known', async () => {
    vi.stubEnv('TEST_MYSQL_URL', '');
    await expect(freshDatabase('mysql')).rejects.toThrow('set TEST_MYSQL_URL or use SQL_BACKENDS');
    vi.unstubAllEnvs();
  });
});

describe('what creates and drops databases', () => {
  it('refuses every name that is not a test’s', async () => {
    for (const name of ['production', 'app_kernel_test_', 'app_kernel_test_x"; DROP DATABASE y', '']) {
      await expect(createDatabase('postgresql://127.0.0.1/', name)).rejects.toThrow('no name of a test database');
      await expect(dropDatabases('mysql://127.0.0.1/', name)).rejects.toThrow('no name of a test database');
    }
  });
});

for (const { url } of REDIS_BACKENDS.filter((backend) => backend.name === 'redis')) {
  it('removing keys takes those of the prefix and no others', async () => {
    const client = new Redis(url ?? '');
    const [mine, theirs] = [freshPrefix(), freshPrefix()];
    await client.mset(`${mine}a`, 1, `${mine}b`, 2, `${theirs}a`, 3);
    expect(await removeKeys(url ?? '', mine)).toBe(2);
    expect(await client.get(`${theirs}a`)).toBe('3');
    expect(await removeKeys(url ?? '', theirs)).toBe(1);
    client.disconnect();
  });
}

describe('a server of our own', () => {
  let server: ChildServer | undefined;
  afterEach(() => server?.close());

  for (const { name, start } of FAULT_REDIS) {
    it(`keeps its data over a kill and a restart on the same port (${name})`, async () => {
      server = await start({ appendonly: 'yes', appendfsync: 'always' });
      await withClient(server.url, (client) => client.set('kept', 'yes'));
      const { port, pid } = server;
      await server.kill();
      expect(server.pid).toBeUndefined();
      await server.start();
      expect(server.port).toBe(port);
      expect(server.pid).not.toBe(pid);
      expect(await withClient(server.url, (client) => client.get('kept'))).toBe('yes');
    });

    it(`answers nothing while paused and goes on afterwards (${name})`, async () => {
      server = await start();
      await withClient(server.url, async (client) => {
        await client.ping();
        server?.pause();
        const answer = client.ping();
        const first = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 200, 'silence'))]);
        expect(first).toBe('silence');
        server?.resume();
        expect(await answer).toBe('PONG');
      });
    });

    it(`leaves neither process nor folder behind, even when it was paused (${name})`, async () => {
      server = await start();
      const { pid, folder } = server;
      server.pause();
      await server.close();
      expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
      expect(existsSync(folder)).toBe(false);
    });

    it(`shows what the server said when it does not start (${name})`, async () => {
      await expect(start({ 'no-such-setting': 'x' })).rejects.toThrow(/ended early[\s\S]*no-such-setting/);
    });
  }
});

async function withClient<T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url);
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}
