import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, dropDatabases, startMysql, startPostgres } from '../../scripts/servers/index.mjs';
import { startDelayProxy } from './delay-proxy.mjs';
import { DRIVERS } from './drivers.mjs';

/**
 * Commits are flushed. The server's own housekeeping must not fall into one contestant's slice: PostgreSQL's is done once,
 * by `settle`. Connections are enough for everybody's two pools.
 */
const SERVERS = {
  postgres: () =>
    startPostgres({ shared_buffers: '256MB', max_wal_size: '8GB', autovacuum: 'off', max_connections: 400 }),
  mysql: () =>
    startMysql({ 'innodb-buffer-pool-size': '512M', 'innodb-log-file-size': '512M', 'max-connections': 400 }),
};
const GIVEN = { postgres: process.env.BENCH_POSTGRES_URL, mysql: process.env.BENCH_MYSQL_URL };

/**
 * Where an engine keeps the databases of one run. `create(label)` makes an empty one and answers what an adapter's `open`
 * takes; `distantOptions` is the same, 2 ms away. `settle` is called when a database is filled. `close` removes everything.
 */
export async function openDatabases(engine) {
  return engine === 'sqlite' ? sqliteFiles() : serverDatabases(engine);
}

function sqliteFiles() {
  const folder = mkdtempSync(join(tmpdir(), 'app-kernel-bench-'));
  return {
    async create(label) {
      const file = join(folder, `${label}.db`);
      return { options: { engine: 'sqlite', file, url: `sqlite:///${file}` } };
    },
    async settle() {},
    async close() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function serverDatabases(engine) {
  const server = GIVEN[engine] ? undefined : await SERVERS[engine]();
  const serverUrl = GIVEN[engine] ?? server.url;
  const prefix = `app_kernel_test_bench_${process.pid}`;
  const proxy = await startDelayProxy(serverUrl);
  let closing;
  return {
    serverUrl,
    async create(label) {
      const url = await createDatabase(serverUrl, `${prefix}_${label}`);
      const distant = new URL(proxy.url);
      distant.pathname = new URL(url).pathname;
      return { options: { engine, url }, distantOptions: { engine, url: distant.toString() } };
    },
    async settle({ options }) {
      if (engine !== 'postgres') return;
      const pool = await DRIVERS.postgres(options);
      await pool.query('VACUUM ANALYZE');
      await pool.end();
    },
    close() {
      closing ??= close();
      return closing;
    },
  };

  async function close() {
    await proxy.close();
    await dropDatabases(serverUrl, prefix);
    await server?.close();
  }
}
