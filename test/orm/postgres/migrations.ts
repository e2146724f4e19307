import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Database, Entity, type EntityTarget, Field, Model, TimeoutError } from '../../../src/orm/index.js';
import { CompiledOrm } from '../compiled-orm.js';
import { ownDatabase } from '../servers/own-database.js';

/** Migrates; dies before the n-th statement that the migration runs. */
const PROGRAM = `
  import { Entity, Field, Model, connect } from './orm/index.js';
  import { PostgresConnection } from './orm/postgres/wire/connection.js';
  const [, , url, table, dataDir, dieAt] = process.argv;
  @Entity({ table })
  class Item extends Model {
    @Field({ type: 'string', nullable: false, unique: true }) label!: string;
    @Field({ type: 'integer', nullable: false, default: 1, check: '[amount] > 0' }) amount!: number;
  }
  const db = await connect(url, { entities: [Item], dataDir });
  if (dieAt !== undefined) {
    const run = PostgresConnection.prototype.run;
    let statements = 0;
    PostgresConnection.prototype.run = function (sql, params) {
      if (statements++ === Number(dieAt)) process.kill(process.pid, 'SIGKILL');
      return run.call(this, sql, params);
    };
  }
  console.log((await db.migrate()).changed);
  await db.close();`;

@Entity({ table: 'parcels' })
class Parcel extends Model {
  @Field({ type: 'string', length: 20 }) code!: string;
  @Field({ type: 'integer' }) weight!: number;
}

@Entity({ table: 'parcels' })
class LargerParcel extends Model {
  @Field({ type: 'text' }) code!: string;
  @Field({ type: 'integer', nullable: false, default: 5, check: '[weight] >= 0' }) weight!: number;
  @Field({ type: 'string', references: () => LargerParcel, onDelete: 'set null' }) parent?: string | null;
}

@Entity({ table: 'defaulted' })
class Defaulted extends Model {
  @Field({ default: "it's" }) string!: string;
  @Field({ type: 'text', default: 'multi\nline\\' }) text!: string;
  @Field({ type: 'integer', default: -5 }) integer!: number;
  @Field({ default: -(2n ** 62n) }) bigint!: bigint;
  @Field({ default: 1e21 }) large!: number;
  @Field({ default: -0.25 }) number!: number;
  @Field({ type: 'decimal', default: '-1.50' }) decimal!: string;
  @Field({ type: 'decimal', precision: 38, scale: 10, default: '12345678901234567890.1' }) long!: string;
  @Field({ default: false }) boolean!: boolean;
  @Field({ default: new Date('2026-07-01T23:59:59.070Z') }) datetime!: Date;
  @Field({ type: 'date', default: '2026-07-01' }) date!: string;
  @Field({ type: 'json', default: { b: [1, 'x'], a: { c: null } } }) json!: unknown;
  @Field({ type: 'uuid', default: '01890a5d-ac96-774b-bcce-b302099a8057' }) uuid!: string;
  @Field({ type: 'blob', default: new Uint8Array([0, 255]) }) blob!: Uint8Array;
}

export function describeMigrations(): void {
  describe('migrations', () => {
    const { open, url } = ownDatabase('postgres');
    let db: Database;
    let orm: CompiledOrm;
    const opened: Database[] = [];
    const openWith = async (...entities: EntityTarget[]): Promise<Database> => {
      const one = await open({ entities, lockWaitMs: 0 });
      opened.push(one);
      return one;
    };
    beforeAll(async () => {
      orm = new CompiledOrm();
      db = await open({ entities: [] });
    });
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
    });
    afterAll(() => orm.remove());

    it('run once when four processes start at the same time', async () => {
      const program = orm.program('starting', PROGRAM);
      const answers = await Promise.all(
        [1, 2, 3, 4].map((each) => orm.run(program, url(), 'started', `${orm.directory}/${each}`)),
      );
      expect(answers.sort()).toEqual(['false', 'false', 'false', 'true']);
    }, 60_000);

    it('leave nothing when the migrator is killed at any statement, and converge at the next start', async () => {
      const program = orm.program('dying', PROGRAM);
      for (const dieAt of [0, 1, 2, 3]) {
        const table = `dying_${dieAt}`;
        expect(await orm.runUntilDeath(program, url(), table, orm.directory, String(dieAt))).toBe('SIGKILL');
        expect(await db.query('SELECT 1 FROM pg_tables WHERE tablename LIKE ?', [`${table}%`])).toEqual([]);
        expect(await orm.run(program, url(), table, orm.directory)).toBe('true');
        expect(await orm.run(program, url(), table, orm.directory)).toBe('false');
      }
    }, 60_000);

    it('find nothing to do a second time, whatever the default', async () => {
      const one = await openWith(Defaulted);
      await one.migrate();
      expect((await one.plan()).steps).toEqual([]);
      const { id } = await Defaulted.save({}, { db: one });
      await one.execute(`INSERT INTO defaulted (id, created_at, updated_at) VALUES ('by hand', now(), now())`);
      const { id: _first, createdAt: _c, updatedAt: _u, ...made } = await Defaulted.getOrThrow(id, { db: one });
      const {
        id: _second,
        createdAt: _d,
        updatedAt: _v,
        ...byHand
      } = await Defaulted.getOrThrow('by hand', { db: one });
      expect(byHand).toEqual(made);
    });

    it('ask the database two questions at most when there is nothing to do', async () => {
      const one = await openWith(Defaulted);
      await one.migrate();
      const before = one.stats().statements;
      expect((await one.migrate()).changed).toBe(false);
      expect(one.stats().statements - before).toBeLessThanOrEqual(2);
    });

    it('change columns in place and keep what others have made', async () => {
      const before = await openWith(Parcel);
      await before.migrate();
      await Parcel.save({ id: 'a', code: 'x' }, { db: before });
      await Parcel.save({ id: 'b', code: 'y', weight: 3 }, { db: before });
      await db.execute('CREATE INDEX made_by_hand ON parcels (weight)');
      await db.execute('ALTER TABLE parcels ADD CONSTRAINT by_hand CHECK (weight < 1000)');

      const after = await openWith(LargerParcel);
      const waiting = await after.migrate();
      expect(waiting.warnings.map(({ name }) => name)).toEqual(expect.arrayContaining(['parcels.weight']));
      await db.execute('UPDATE parcels SET weight = 1 WHERE weight IS NULL');
      await after.migrate();
      expect((await after.plan()).steps).toEqual([]);
      expect(
        await LargerParcel.find({ db: after, orderBy: 'id', select: ['id', 'code', 'weight', 'parent'] }),
      ).toMatchObject([
        { id: 'a', code: 'x', weight: 1, parent: null },
        { id: 'b', code: 'y', weight: 3, parent: null },
      ]);
      await expect(LargerParcel.save({ weight: -1 }, { db: after })).rejects.toMatchObject({ kind: 'check' });
      await expect(LargerParcel.save({ parent: 'nobody' }, { db: after })).rejects.toMatchObject({
        kind: 'foreign_key',
      });
      const kept = await db.query(
        `SELECT indexname AS name FROM pg_indexes WHERE indexname = 'made_by_hand'
         UNION ALL SELECT conname FROM pg_constraint WHERE conname = 'by_hand'`,
      );
      expect(kept.map(({ name }) => name)).toEqual(['made_by_hand', 'by_hand']);
    });

    it('look at the rows of a large table only in steps that hold off no writer', async () => {
      @Entity({ table: 'crates' })
      class Crate extends Model {
        @Field({ type: 'integer' }) weight?: number | null;
      }
      @Entity({ table: 'crates', checks: ['[weight] < 100'], indexes: [['weight desc']] })
      class StricterCrate extends Model {
        @Field({ type: 'integer', nullable: false, unique: true, default: 1 }) weight!: number;
        @Field({ type: 'string', references: () => StricterCrate }) inside?: string | null;
      }
      const before = await openWith(Crate);
      await before.migrate();
      await Crate.save({ weight: 1 }, { db: before });
      const after = await open({ entities: [StricterCrate], largeTableRows: 0 });
      const { steps } = await after.migrate();
      const online = steps.filter((step) => step.online).map((step) => step.sql.replace(/"[^"]*_(\w+)"/g, '$1'));
      expect(steps.filter((step) => !step.online).map(({ sql }) => sql)).toEqual([
        'ALTER TABLE "crates" ADD COLUMN "inside" character varying(255) COLLATE "C"',
        `ALTER TABLE "crates" ALTER COLUMN "weight" SET DEFAULT 1`,
        'ALTER TABLE "crates_history" ADD COLUMN "inside" character varying(255) COLLATE "C"',
      ]);
      const reading = online.filter((sql) => /CHECK|FOREIGN KEY|INDEX/.test(sql));
      expect(reading).toHaveLength(5);
      expect(reading.every((sql) => /NOT VALID$|INDEX CONCURRENTLY/.test(sql))).toBe(true);
      expect(online.filter((sql) => sql.includes('VALIDATE CONSTRAINT'))).toHaveLength(3);
      const order = online.map((sql) => /VALIDATE|SET NOT NULL|DROP CONSTRAINT/.exec(sql)?.[0]).join(' ');
      expect(order).toContain('VALIDATE SET NOT NULL DROP CONSTRAINT');
      expect((await after.plan()).steps).toEqual([]);
    });

    it('build an index again that an interrupted build left invalid', async () => {
      @Entity({ table: 'indexed' })
      class Indexed extends Model {
        @Field({ type: 'string', unique: true }) code!: string;
      }
      const one = await openWith(Indexed);
      await one.migrate();
      await db.execute(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'uq_indexed_code'::regclass`);
      expect((await one.plan()).steps.map(({ description }) => description)).toEqual([
        'drop index uq_indexed_code',
        'create unique index uq_indexed_code',
      ]);
      await one.migrate({ verify: true });
      expect((await one.plan()).steps).toEqual([]);
    });

    it('drop tables that reference each other, in any order', async () => {
      @Entity({ table: 'first_of_two', history: false })
      class First extends Model {
        @Field({ type: 'uuid', references: () => Second }) second?: string | null;
      }
      @Entity({ table: 'second_of_two', history: false })
      class Second extends Model {
        @Field({ type: 'string', references: () => First }) first?: string | null;
      }
      const one = await openWith(First, Second);
      await one.migrate();
      expect((await one.plan()).steps).toEqual([]);
      const second = await Second.save({}, { db: one });
      expect((await First.save({ second: second.id }, { db: one })).second).toBe(second.id);
      await (await openWith()).migrate({ allowDrops: ['first_of_two', 'second_of_two'] });
      expect(await db.query(`SELECT 1 FROM pg_tables WHERE tablename LIKE '%_of_two'`)).toEqual([]);
    });

    it('give up a table that stays locked, instead of holding up everyone behind them', async () => {
      @Entity({ table: 'locked' })
      class Locked extends Model {
        @Field({ type: 'string' }) code!: string;
      }
      @Entity({ table: 'locked' })
      class Wider extends Model {
        @Field({ type: 'string' }) code!: string;
        @Field({ type: 'string' }) more!: string;
      }
      const one = await openWith(Locked);
      await one.migrate();
      const two = await openWith(Wider);
      await one.context(async (inner) => {
        await inner.query('SELECT * FROM locked');
        await expect(two.migrate()).rejects.toBeInstanceOf(TimeoutError);
      });
      expect((await two.migrate()).changed).toBe(true);
    }, 60_000);
  });
}
