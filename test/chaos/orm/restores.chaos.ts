import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dying } from '../../orm/backup/dying.js';
import { Ordeal } from '../../orm/backup/ordeal.js';
import { CompiledOrm } from '../../orm/compiled-orm.js';
import { freshDatabase, SQL_BACKENDS, type TestDatabase } from '../../setup/sql-backends.js';

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

describe('a restore that is killed at each of its statements', () => {
  for (const { name } of SQL_BACKENDS.filter((backend) => backend.name !== 'sqlite-memory')) {
    it(`leaves the old database or the new one: ${name}`, async () => {
      const database = await freshDatabase(name);
      databases.push(database);
      const ordeal = await new Ordeal(database).prepare();
      let points = 0;
      while (await dying.die(database, 'restore', ordeal.backup, 'statement', points)) {
        await ordeal.expectOldOrNew(`killed at statement ${points}`);
        points += 1;
      }
      await ordeal.expectOldOrNew('not killed');
      expect(points).toBeGreaterThan(10);
      process.stdout.write(`${name}: ${points} restore kill points, half-restored 0\n`);
    }, 900_000);
  }
});
