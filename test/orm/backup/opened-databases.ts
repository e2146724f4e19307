import { connect, type Database } from '../../../src/orm/index.js';
import { freshDatabase, SQL_BACKENDS, type TestDatabase } from '../../setup/sql-backends.js';

/** Backends whose databases have a folder, and so backups. */
export const FILES = SQL_BACKENDS.filter(({ name }) => name !== 'sqlite-memory');

const databases: TestDatabase[] = [];
const opened: Database[] = [];

/** A new database without entities, and its folder. */
export async function openFresh(name: (typeof FILES)[number]['name']): Promise<[Database, string]> {
  const database = await freshDatabase(name);
  databases.push(database);
  const { url, dataDir } = database;
  const db = await connect(url, { entities: [], dataDir, nativeBackup: false });
  opened.push(db);
  return [db, dataDir];
}

/** For `afterAll`. */
export async function dropOpened(): Promise<void> {
  for (const db of opened.splice(0)) await db.close();
  for (const database of databases.splice(0)) await database.drop();
}
