import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase, SQL_BACKENDS, type TestDatabase } from '../../setup/sql-backends.js';
import { CompiledOrm } from '../compiled-orm.js';
import { type Death, Migrator } from './migrator.js';

/** A few of the statements; all of them are in the chaos tests. */
const DEATHS: readonly Death[] = [
  { statement: 1, when: 'during' },
  { statement: 5, when: 'before' },
  { statement: 13, when: 'during' },
  { statement: 20, when: 'before' },
  { statement: 26, when: 'during' },
];

let orm: CompiledOrm;
const databases: TestDatabase[] = [];
beforeAll(() => {
  orm = new CompiledOrm();
});
afterAll(async () => {
  orm.remove();
  for (const database of databases) await database.drop();
});

for (const { name, engine } of SQL_BACKENDS.filter(({ name }) => name !== 'sqlite-memory')) {
  const fresh = async (): Promise<TestDatabase> => {
    const database = await freshDatabase(name);
    databases.push(database);
    return database;
  };
  for (const largeTableRows of engine === 'sqlite' ? [1] : [0, 1000]) {
    describe(`${name}, tables of ${largeTableRows} rows being large`, () => {
      it('rows 20, 22 and 23: loses nothing when a migrator is killed, and is migrated at the next start', async () => {
        const migrator = new Migrator(orm, largeTableRows);
        let deaths = 0;
        for (const death of DEATHS) {
          const database = await fresh();
          await migrator.prepare(database);
          if (await migrator.die(database, death)) deaths += 1;
          await migrator.expectConverged(database);
        }
        expect(deaths).toBeGreaterThan(2);
      }, 240_000);

      it('row 19: is migrated once when eight processes start at the same time', async () => {
        const migrator = new Migrator(orm, largeTableRows);
        const database = await fresh();
        await migrator.prepare(database);
        const answers = await migrator.runTogether(database, 8);
        expect(answers.sort()).toEqual([...Array(7).fill('false'), 'true']);
        await migrator.expectConverged(database);
      }, 240_000);
    });
  }
}
