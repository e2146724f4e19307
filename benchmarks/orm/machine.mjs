import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';

const load = createRequire(import.meta.url);

export function machineLine() {
  const [{ model }] = cpus();
  return `${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
}

const DRIVERS = { postgres: 'pg', mysql: 'mysql2', sqlite: 'better-sqlite3' };

const SERVER_VERSIONS = {
  async postgres(url) {
    const { default: pg } = await import('pg');
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query('SHOW server_version');
    await client.end();
    return `PostgreSQL ${rows[0].server_version}`;
  },
  async mysql(url) {
    const { createConnection } = await import('mysql2/promise');
    const connection = await createConnection(url);
    const [[{ version }]] = await connection.query('SELECT version() AS version');
    await connection.end();
    return version.includes('MariaDB') ? `MariaDB ${version}` : `MySQL ${version}`;
  },
  async sqlite() {
    const db = new (load('better-sqlite3'))(':memory:');
    const { version } = db.prepare('SELECT sqlite_version() AS version').get();
    db.close();
    return `SQLite ${version}`;
  },
};

/** `{ server, client }`: what answers, and every package that is measured. */
export async function versionsOn(engine, serverUrl, packages) {
  const client = [DRIVERS[engine], ...packages].map((name) => `${name} ${versionOf(name)}`);
  return { server: await SERVER_VERSIONS[engine](serverUrl), client: client.join(', ') };
}

function versionOf(name) {
  for (const folder of load.resolve.paths(name)) {
    try {
      return JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')).version;
    } catch {}
  }
  return '?';
}
