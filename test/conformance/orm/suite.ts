import { afterAll, beforeAll } from 'vitest';
import type { ConnectOptions, Database } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { ENTITIES } from './entities.js';

/** A migrated database with every entity of the suites, fresh for the `describe` it is called in. */
export function withDatabase(backend: Backend, options: ConnectOptions = {}): () => Database {
  let db: Database | undefined;
  beforeAll(async () => {
    db = await backend.connect({ entities: ENTITIES, ...options });
    await db.migrate();
  });
  afterAll(async () => {
    await db?.close();
    await backend.cleanUp();
  });
  return () => {
    if (!db) throw new Error('The database is not open yet');
    return db;
  };
}
