import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type ConnectOptions, connect, type Database } from '../../src/orm/index.js';
import type { Backend } from '../conformance/orm/backend.js';
import { freshDatabase, SQL_BACKENDS, type TestDatabase } from '../setup/sql-backends.js';

/** A directory of its own for every database file, removed by `cleanUp`. */
function sqliteFile(): Backend {
  const directories: string[] = [];
  const urls = new WeakMap<Database, string>();
  const open = async (url: string, options: ConnectOptions, dataDir: string): Promise<Database> => {
    const db = await connect(url, { dataDir, ...options });
    urls.set(db, url);
    return db;
  };
  return {
    name: 'sqlite file',
    connect: (options = {}) => {
      const directory = mkdtempSync(join(tmpdir(), 'app-kernel-orm-'));
      directories.push(directory);
      return open(`sqlite:${directory}/new/app.db`, options, directory);
    },
    reconnect: (first, options = {}) => open(urls.get(first) ?? '', options, directories.at(-1) ?? ''),
    urlOf: (db) => urls.get(db) ?? '',
    cleanUp: async () => {
      for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
    },
  };
}

const sqliteMemory: Backend = {
  name: 'sqlite in memory',
  connect: (options) => connect('sqlite::memory:', options),
  reconnect: undefined,
  urlOf: () => 'sqlite::memory:',
  cleanUp: async () => {},
};

/** One database of a server at a time: closed and dropped by `cleanUp`. */
function server(
  name: 'postgres' | 'mysql',
  take = () => freshDatabase(name),
  give = (database: TestDatabase) => database.drop(),
): Backend {
  const databases: TestDatabase[] = [];
  const opened = new Set<Database>();
  const urls = new WeakMap<Database, TestDatabase>();
  const open = async (database: TestDatabase, options: ConnectOptions): Promise<Database> => {
    const db = await connect(database.url, { dataDir: database.dataDir, ...options });
    opened.add(db);
    urls.set(db, database);
    return db;
  };
  return {
    name,
    connect: async (options = {}) => {
      const database = await take();
      databases.push(database);
      return open(database, options);
    },
    reconnect: (first, options = {}) => open(urls.get(first) as TestDatabase, options),
    urlOf: (db) => urls.get(db)?.url ?? '',
    cleanUp: async () => {
      for (const db of opened) await db.close();
      opened.clear();
      for (const database of databases.splice(0)) await give(database);
    },
  };
}

/**
 * A server whose databases are used again once they are emptied, for PostgreSQL takes ten times as long to drop and make one.
 * @param end drops them all, when nobody wants another one.
 */
export function reusing(backend: Backend): { backend: Backend; end: () => Promise<void> } {
  if (backend.name !== 'postgres') return { backend, end: async () => {} };
  const spare: TestDatabase[] = [];
  const take = async (): Promise<TestDatabase> => {
    const used = spare.pop();
    if (!used) return freshDatabase('postgres');
    return { ...used, dataDir: mkdtempSync(join(tmpdir(), 'app-kernel-orm-')) };
  };
  const give = async (database: TestDatabase): Promise<void> => {
    const client = new pg.Client(database.url);
    await client.connect();
    await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public').finally(() => client.end());
    rmSync(database.dataDir, { recursive: true, force: true });
    spare.push(database);
  };
  const end = async (): Promise<void> => {
    for (const database of spare.splice(0)) await database.drop();
  };
  return { backend: server('postgres', take, give), end };
}

/** Every engine that the conformance suites run on; servers where their URL is known. */
export const BACKENDS: readonly Backend[] = [
  sqliteMemory,
  sqliteFile(),
  ...SQL_BACKENDS.flatMap(({ name }) => (name === 'postgres' || name === 'mysql' ? [server(name)] : [])),
];
