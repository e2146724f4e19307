import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectOptions, connect, type Database } from '../../src/orm/index.js';
import type { Backend } from '../conformance/orm/backend.js';

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
    cleanUp: async () => {
      for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
    },
  };
}

const sqliteMemory: Backend = {
  name: 'sqlite in memory',
  connect: (options) => connect('sqlite::memory:', options),
  reconnect: undefined,
  cleanUp: async () => {},
};

/** Every engine that the conformance suites run on. */
export const BACKENDS: readonly Backend[] = [sqliteMemory, sqliteFile()];
