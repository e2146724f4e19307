import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, Entity, Field, Model } from '../../../src/orm/index.js';
import { freshDatabase, SQL_BACKENDS, type TestDatabase } from '../../setup/sql-backends.js';
import { CompiledOrm } from '../compiled-orm.js';

@Entity({ table: 'barrels' })
class Before extends Model {
  @Field({ type: 'string' }) label?: string;
}

@Entity({ table: 'barrels' })
class After extends Model {
  @Field({ type: 'string' }) label?: string;
  @Field({ type: 'integer', default: 7 }) amount?: number;
}

/** `beforeMigrate` runs once the backup is complete and before the first statement. */
const PROGRAM = `
  import { connect, Entity, Field, Model } from './orm/index.js';
  class After extends Model {}
  Field({ type: 'string' })(After.prototype, 'label');
  Field({ type: 'integer', default: 7 })(After.prototype, 'amount');
  Entity({ table: 'barrels' })(After);
  const [, , url, dataDir] = process.argv;
  const beforeMigrate = () => process.kill(process.pid, 'SIGKILL');
  const db = await connect(url, { entities: [After], dataDir, beforeMigrate });
  await db.migrate();`;

describe('row 21: a crash between the backup and the migration', () => {
  let orm: CompiledOrm;
  const databases: TestDatabase[] = [];
  beforeAll(() => {
    orm = new CompiledOrm();
  });
  afterAll(async () => {
    orm.remove();
    for (const database of databases) await database.drop();
  });

  for (const { name } of SQL_BACKENDS.filter((backend) => backend.name !== 'sqlite-memory'))
    it(`leaves a good backup, and the next start migrates: ${name}`, async () => {
      const database = await freshDatabase(name);
      databases.push(database);
      const { url, dataDir } = database;
      const before = await connect(url, { entities: [Before], dataDir });
      await before.migrate();
      const kept = await Before.save({ label: 'kept' }, { db: before });
      await before.close();

      const program = orm.program('dies-before-migration', PROGRAM);
      expect(await orm.runUntilDeath(program, url, dataDir)).toBe('SIGKILL');

      await using db = await connect(url, { entities: [After], dataDir });
      const [backup, ...others] = await db.listBackups();
      expect(others).toEqual([]);
      expect((await db.plan()).steps.length).toBeGreaterThan(0);
      expect(await db.verifyBackup(backup?.name as string)).toMatchObject({ verified: true });
      await db.migrate();
      expect((await db.plan()).steps).toEqual([]);
      expect(await After.getOrThrow(kept.id, { db })).toMatchObject({ label: 'kept', amount: 7 });
      await db.restoreFull(backup?.name as string, { confirm: true });
      expect(await After.getOrThrow(kept.id, { db })).toMatchObject({ label: 'kept', amount: 7, version: 1 });
    }, 60_000);
});
