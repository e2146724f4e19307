import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../setup/sql-backends.js';
import { CompiledOrm } from '../compiled-orm.js';

/** Migrates to the old shape, then to the new one; dies before or after the n-th statement of that migration. */
const PROGRAM = `
  import { Entity, Field, Model, connect } from './orm/index.js';
  import { MysqlConnection } from './orm/mysql/connection.js';
  const [, , url, dataDir, stage, dieAt, when] = process.argv;

  @Entity({ table: 'items' })
  class Before extends Model {
    @Field({ type: 'string', nullable: false, length: 40 }) name!: string;
    @Field({ type: 'string' }) ownerId?: string;
  }
  @Entity({ table: 'people' })
  class Person extends Model {
    @Field({ type: 'string' }) name?: string;
  }
  @Entity({ table: 'owners', renamedFrom: 'people' })
  class Owner extends Model {
    @Field({ type: 'string' }) name?: string;
  }
  @Entity({ table: 'items', unique: [['label', 'amount']] })
  class After extends Model {
    @Field({ type: 'string', nullable: false, length: 80, renamedFrom: 'name', unique: true, default: 'none' }) label!: string;
    @Field({ type: 'integer', nullable: false, default: 1, check: '[amount] > 0' }) amount!: number;
    @Field({ type: 'string', references: () => Owner, index: true }) ownerId?: string;
    @Field({ type: 'text', unique: { includeDeleted: true } }) slug?: string;
  }
  const entities = stage === 'before' ? [Before, Person] : [After, Owner];
  const db = await connect(url, { entities, dataDir });
  if (dieAt !== undefined) {
    const run = MysqlConnection.prototype.run;
    let statements = 0;
    MysqlConnection.prototype.run = async function (sql, params) {
      const dies = statements++ === Number(dieAt);
      if (dies && when === 'before') process.kill(process.pid, 'SIGKILL');
      const answer = await run.call(this, sql, params);
      if (dies) process.kill(process.pid, 'SIGKILL');
      return answer;
    };
  }
  await db.migrate();
  if (stage === 'before') {
    await Person.save({ name: 'o' });
    await Before.saveMany([{ name: 'a' }, { name: 'b' }]);
  } else {
    const rows = await After.find({ orderBy: 'label' });
    const owners = await Owner.find();
    const histories = await Promise.all(owners.map((row) => Owner.history(row.id)));
    console.log(JSON.stringify({
      rows: rows.map((row) => [row.label, row.amount, row.version]),
      owners: histories.map((versions) => versions.map(({ name, version }) => [name, version])),
      plan: String(await db.plan()),
    }));
  }
  await db.close();`;

export function describeKilledMigrations(): void {
  describe('a migrator that is killed', () => {
    let orm: CompiledOrm;
    const databases: TestDatabase[] = [];
    const fresh = async (): Promise<TestDatabase> => {
      const database = await freshDatabase('mysql');
      databases.push(database);
      return database;
    };
    beforeAll(() => {
      orm = new CompiledOrm();
    });
    afterAll(async () => {
      orm.remove();
      for (const database of databases) await database.drop();
    });

    it('converges on the next start, whatever change of a table it died before or after', async () => {
      const program = orm.program('killed', PROGRAM);
      let kills = 0;
      for (let dieAt = 0, alive = false; !alive; dieAt++) {
        for (const when of ['before', 'after']) {
          const database = await fresh();
          const at = [database.url, database.dataDir];
          await orm.run(program, ...at, 'before');
          alive = (await orm.runUntilDeath(program, ...at, 'after', String(dieAt), when)) !== 'SIGKILL';
          if (!alive) kills += 1;
          const found = JSON.parse(await orm.run(program, ...at, 'after'));
          expect(found, `died ${when} statement ${dieAt}`).toEqual({
            rows: [
              ['a', 1, 1],
              ['b', 1, 1],
            ],
            owners: [[['o', 1]]],
            plan: expect.not.stringMatching(/^\d+\./m),
          });
          if (alive) break;
        }
      }
      expect(kills).toBeGreaterThan(10);
    }, 240_000);
  });
}
