import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase, SQL_BACKENDS, type TestDatabase } from '../../setup/sql-backends.js';
import { CompiledOrm } from '../compiled-orm.js';
import { Dying } from './dying.js';
import { Ordeal } from './ordeal.js';

/** A few of the moments; all of them are in the chaos tests. */
const STATEMENTS = [0, 1, 3, 6, 9, 12, 16, 20, 25];
const FILES = [0, 2, 4, 5, 6, 7];

let orm: CompiledOrm;
let dying: Dying;
const databases: TestDatabase[] = [];
beforeAll(() => {
  orm = new CompiledOrm();
  dying = new Dying(orm);
});
afterAll(async () => {
  orm.remove();
  for (const database of databases) await database.drop();
});

for (const { name } of SQL_BACKENDS.filter((backend) => backend.name !== 'sqlite-memory')) {
  const prepared = async (): Promise<Ordeal> => {
    const database = await freshDatabase(name);
    databases.push(database);
    return new Ordeal(database).prepare();
  };

  describe(`${name}, killed`, () => {
    it('while it restores, holds the old database or the new one, and records versions (row 28)', async () => {
      const ordeal = await prepared();
      let deaths = 0;
      for (const count of STATEMENTS) {
        if (await dying.die(ordeal.database, 'restore', ordeal.backup, 'statement', count)) deaths += 1;
        await ordeal.expectOldOrNew(`killed at statement ${count}`);
      }
      for (const count of FILES) {
        if (await dying.die(ordeal.database, 'restore', ordeal.backup, 'file', count)) deaths += 1;
        await ordeal.expectOldOrNew(`killed at file ${count} of the safety backup`);
      }
      expect(deaths).toBeGreaterThan(10);
    }, 240_000);

    it('while it backs up, lists only what is whole (row 25)', async () => {
      const ordeal = await prepared();
      for (const count of FILES) {
        expect(await dying.die(ordeal.database, 'backup', '', 'file', count)).toBe(true);
        await ordeal.open(async (db) => {
          for (const entry of await db.listBackups())
            expect(await db.verifyBackup(entry.name)).toMatchObject({ verified: true });
        });
      }
    }, 240_000);
  });
}
