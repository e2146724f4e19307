import { afterAll, beforeAll } from 'vitest';
import { type ConnectOptions, connect, type Database } from '../../../src/orm/index.js';
import { freshDatabase, SQL_BACKENDS, type TestDatabase } from '../../setup/sql-backends.js';

export type ServerEngine = 'postgres' | 'mysql';

/** One entry where a server is known, none elsewhere; the runner says so and demands it in CI. */
export function serversOf(engine: ServerEngine): typeof SQL_BACKENDS {
  return SQL_BACKENDS.filter((backend) => backend.engine === engine);
}

/** A database of its own for the `describe` it is called in; every handle that was opened on it is closed at the end. */
export function ownDatabase(engine: ServerEngine): {
  url(): string;
  open(options?: ConnectOptions, url?: string): Promise<Database>;
} {
  let database: TestDatabase | undefined;
  const opened: Database[] = [];
  beforeAll(async () => {
    database = await freshDatabase(engine);
  });
  afterAll(async () => {
    for (const db of opened) await db.close();
    await database?.drop();
  });
  const url = (): string => database?.url ?? '';
  return {
    url,
    open: async (options = {}, at = url()) => {
      const db = await connect(at, { dataDir: database?.dataDir ?? '', ...options });
      opened.push(db);
      return db;
    },
  };
}
