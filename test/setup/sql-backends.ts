import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, dropDatabases } from '../../scripts/servers/index.mjs';

export type SqlEngine = 'sqlite' | 'postgres' | 'mysql';

/** One kind of database that a suite runs over; `create` makes an empty one of its own. */
export interface SqlBackend {
  name: 'sqlite-memory' | 'sqlite-file' | 'postgres' | 'mysql';
  engine: SqlEngine;
  create(): Promise<TestDatabase>;
}

/** An empty database that nobody else uses. */
export interface TestDatabase {
  url: string;
  /** A folder of its own, for backups and audit scripts. */
  dataDir: string;
  drop(): Promise<void>;
}

function postgresUrl(): string | undefined {
  return process.env.TEST_POSTGRES_URL || undefined;
}

function mysqlUrl(): string | undefined {
  return process.env.TEST_MYSQL_URL || undefined;
}

/** SQLite always, the servers where they are known: `for (const backend of SQL_BACKENDS) describe(backend.name, …)`. */
export const SQL_BACKENDS: readonly SqlBackend[] = [
  { name: 'sqlite-memory', engine: 'sqlite', create: () => freshDatabase('sqlite-memory') },
  { name: 'sqlite-file', engine: 'sqlite', create: () => freshDatabase('sqlite-file') },
  ...(postgresUrl() ? [serverBackend('postgres')] : []),
  ...(mysqlUrl() ? [serverBackend('mysql')] : []),
];

function serverBackend(name: 'postgres' | 'mysql'): SqlBackend {
  return { name, engine: name, create: () => freshDatabase(name) };
}

/** Makes an empty database; `drop` removes it and its folder. */
export async function freshDatabase(name: SqlBackend['name']): Promise<TestDatabase> {
  const server = serverUrl(name);
  const dataDir = await mkdtemp(join(tmpdir(), 'app-kernel-test-'));
  const removeFolder = () => rm(dataDir, { recursive: true, force: true });
  if (name === 'sqlite-memory') return { url: 'sqlite::memory:', dataDir, drop: removeFolder };
  if (!server) return { url: `sqlite:///${join(dataDir, 'test.db')}`, dataDir, drop: removeFolder };

  const database = `${databasePrefix(server)}_${randomBytes(6).toString('hex')}`;
  const drop = async () => {
    await dropDatabases(server, database);
    await removeFolder();
  };
  return { url: await createDatabase(server, database), dataDir, drop };
}

function serverUrl(name: SqlBackend['name']): string | undefined {
  if (name !== 'postgres' && name !== 'mysql') return undefined;
  const url = name === 'postgres' ? postgresUrl() : mysqlUrl();
  if (!url) throw new Error(`No ${name} server is known; set TEST_${name.toUpperCase()}_URL or use SQL_BACKENDS`);
  return url;
}

/** Inside a run of `npm test` every database begins with the run's own name, so that the runner finds what a crashed file left. */
function databasePrefix(server: string): string {
  const runs = new URL(server).pathname.slice(1);
  return runs.startsWith('app_kernel_test_') ? runs : `app_kernel_test_${process.pid}`;
}
