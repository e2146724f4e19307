import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import { FeatureFlag, FlagStore } from '../../../src/features/flags/index.js';
import { connect, type Database, dbContext } from '../../../src/orm/index.js';
import { deferred } from '../../reliability/deferred.js';
import { SQL_BACKENDS } from '../../setup/servers.js';
import type { TestDatabase } from '../../setup/sql-backends.js';

/** How old an answer may be, ms. */
const SECOND = 1_000;

for (const backend of SQL_BACKENDS) {
  describe(`flags of several processes (${backend.name})`, () => {
    let database: TestDatabase;
    let db: Database;
    const clock = new FakeClock(Date.now());
    const open = () => new FlagStore({ db, clock });
    beforeEach(async () => {
      database = await backend.create();
      db = await connect(database.url, { entities: [FeatureFlag], dataDir: database.dataDir });
      await db.migrate();
    });
    afterEach(async () => {
      await db.close();
      await database.drop();
    });
    const isOn = async (flags: FlagStore) => (await flags.evaluate('beta')).enabled;

    it('are known everywhere within a second, and until then asked for once', async () => {
      const [here, there] = [open(), open()];
      expect(await isOn(there)).toBe(false);
      await here.set('beta');
      expect(await isOn(here)).toBe(true);
      const before = db.stats().statements;
      expect(new Set(await Promise.all(Array.from({ length: 50 }, () => isOn(there))))).toEqual(new Set([false]));
      expect(db.stats().statements).toBe(before);
      clock.advance(SECOND);
      expect(new Set(await Promise.all(Array.from({ length: 50 }, () => isOn(there))))).toEqual(new Set([true]));
      expect(db.stats().statements).toBe(before + 1);
      await here.delete('beta');
      expect(await isOn(here)).toBe(false);
      clock.advance(SECOND);
      expect(await isOn(there)).toBe(false);
    });

    it('that a transaction has set are on inside, and for nobody else before it is committed', async () => {
      const flags = open();
      const undone = dbContext(
        async () => {
          await flags.set('beta');
          expect(await isOn(flags)).toBe(true);
          throw new Error('on second thoughts');
        },
        { db },
      );
      await expect(undone).rejects.toThrow('on second thoughts');
      expect(await isOn(flags)).toBe(false);
      await dbContext(() => flags.set('beta'), { db });
      expect(await isOn(flags)).toBe(true);
    });

    if (backend.name !== 'sqlite-memory')
      it('that a long transaction still sees are not kept for others', async () => {
        const flags = open();
        await flags.set('beta');
        const begun = deferred();
        const changed = deferred();
        const long = dbContext(
          async () => {
            await isOn(flags);
            begun.resolve();
            await changed.promise;
            expect(await isOn(flags)).toBe(true);
          },
          { db, readOnly: true, isolation: 'repeatable read' },
        );
        await begun.promise;
        await open().set('beta', { enabled: false });
        clock.advance(SECOND);
        changed.resolve();
        await long;
        expect(await isOn(flags)).toBe(false);
      });

    it('are one flag whoever sets and deletes it at once', async () => {
      const stores = [open(), open(), open()];
      const work = Array.from({ length: 60 }, (_, at) => {
        const flags = stores[at % 3] as FlagStore;
        return at % 5 === 4 ? flags.delete('beta') : flags.set('beta', { rolloutPercent: at });
      });
      await Promise.all(work);
      await open().set('beta', { rolloutPercent: 7 });
      expect(await open().list()).toMatchObject([{ name: 'beta', rolloutPercent: 7 }]);
    });

    it('have a past that goes on through a deletion', async () => {
      const flags = open();
      await flags.set('beta', { comment: 'first' });
      await flags.delete('beta');
      await flags.set('beta', { enabled: false, comment: 'again' });
      await flags.set('other');
      expect(
        (await flags.history('beta')).map(({ version, isDeletion }) => [
          version.version,
          version.historyComment,
          isDeletion,
        ]),
      ).toEqual([
        [1, 'again', false],
        [2, null, true],
        [1, 'first', false],
      ]);
      expect(await flags.history('never')).toEqual([]);
    });

    it('may have names that every object has', async () => {
      const flags = open();
      for (const name of ['__proto__', 'constructor', 'toString']) {
        expect(await flags.evaluate(name)).toMatchObject({ enabled: false, reason: 'unknown' });
        await flags.set(name, { variants: [{ name: '__proto__', weight: 1, value: { polluted: true } }] });
        expect(await flags.evaluate(name)).toMatchObject({ variant: '__proto__', value: { polluted: true } });
      }
      expect({}).not.toHaveProperty('polluted');
      for (const name of ['.', '..', 'a/b', ''])
        await expect(flags.set(name)).rejects.toMatchObject({ code: 'E_VALIDATION' });
    });
  });
}
