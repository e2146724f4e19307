import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Database } from '../../../src/orm/index.js';
import { freshDatabase, SQL_BACKENDS, type TestDatabase } from '../../setup/sql-backends.js';
import { CompiledOrm } from '../compiled-orm.js';
import { Dying, type Place } from './dying.js';
import { HOSTILE_ENTITIES, saveHostileRows, Treasure, Vault } from './hostile.js';
import { sums } from './sums.js';

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
  const open = (database: TestDatabase): Promise<Database> =>
    connect(database.url, { entities: HOSTILE_ENTITIES, dataDir: database.dataDir, nativeBackup: false });

  async function prepared(): Promise<{ database: TestDatabase; backup: string; states: object[] }> {
    const database = await freshDatabase(name);
    databases.push(database);
    const db = await open(database);
    await db.migrate();
    const vault = await Vault.save({ label: 'old' }, { db });
    await db.context(() => saveHostileRows(vault.id));
    const old = await db.backup();
    await Vault.update(vault.id, { label: 'new' }, { db });
    await Treasure.delete((await Treasure.find({ db }))[0]?.id as string, { db });
    const young = await db.backup();
    await db.close();
    return { database, backup: old.name, states: [await sums(old.path), await sums(young.path)] };
  }

  describe(`${name}, killed`, () => {
    it('while it restores, holds the old database or the new one, and records versions', async () => {
      const { database, backup, states } = await prepared();
      let deaths = 0;
      const seen = new Set<number>();
      for (const count of STATEMENTS) {
        if (await dying.die(database, 'restore', backup, 'statement', count)) deaths += 1;
        const db = await open(database);
        await db.migrate();
        expect((await db.plan()).steps).toEqual([]);
        const found = await sums((await db.backup()).path);
        const state = states.findIndex((expected) => JSON.stringify(expected) === JSON.stringify(found));
        expect(state, `killed at statement ${count}`).toBeGreaterThanOrEqual(0);
        seen.add(state);
        const [vault] = await Vault.find({ db });
        const { version } = await Vault.getOrThrow(vault?.id as string, { db });
        await db
          .context(async () => {
            await Vault.update(vault?.id as string, { label: 'recorded' });
            expect((await Vault.history(vault?.id as string))[0]?.version).toBe(version + 1);
            throw new Error('undo');
          })
          .catch((error: Error) => expect(error.message).toBe('undo'));
        await db.close();
      }
      expect(deaths).toBeGreaterThan(5);
      expect(seen.size).toBeGreaterThan(0);
    }, 240_000);

    it('while it backs up, lists only what is whole', async () => {
      const { database } = await prepared();
      const places: Array<[Place, number]> = FILES.map((count) => ['file', count]);
      let deaths = 0;
      for (const [place, count] of places) {
        if (await dying.die(database, 'backup', '', place, count)) deaths += 1;
        const db = await open(database);
        for (const entry of await db.listBackups())
          expect(await db.verifyBackup(entry.name)).toMatchObject({ verified: true });
        await db.close();
      }
      expect(deaths).toBe(places.length);
    }, 240_000);
  });
}
