import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Database, Entity, Field, Model, TimeoutError } from '../../../src/orm/index.js';
import { CompiledOrm } from '../compiled-orm.js';
import { ownDatabase } from '../servers/own-database.js';

const PROGRAM = `
  import { Entity, Field, Model, connect } from './orm/index.js';
  const [, , url, table, dataDir] = process.argv;
  @Entity({ table })
  class Item extends Model {
    @Field({ type: 'string', nullable: false, unique: true }) label!: string;
    @Field({ type: 'integer', nullable: false, default: 1, check: '[amount] > 0' }) amount!: number;
  }
  const db = await connect(url, { entities: [Item], dataDir });
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

@Entity({ table: 'parcels' })
class Heavier extends Model {
  @Field({ type: 'integer' }) tare?: number;
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
    const { open, url } = ownDatabase('mysql');
    let db: Database;
    let orm: CompiledOrm;
    const opened: Database[] = [];
    const openWith = async (...entities: Array<typeof Model>): Promise<Database> => {
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

    it('find nothing to do a second time, whatever the default', async () => {
      const one = await openWith(Defaulted as never);
      await one.migrate();
      expect((await one.plan()).steps).toEqual([]);
      const { id } = await Defaulted.save({}, { db: one });
      await one.execute(`INSERT INTO defaulted (id, created_at, updated_at) VALUES ('by hand', NOW(3), NOW(3))`);
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
      const one = await openWith(Defaulted as never);
      await one.migrate();
      const before = one.stats().statements;
      expect((await one.migrate()).changed).toBe(false);
      expect(one.stats().statements - before).toBeLessThanOrEqual(2);
    });

    it('change columns in place and keep what others have made', async () => {
      const before = await openWith(Parcel as never);
      await before.migrate();
      await Parcel.save({ id: 'a', code: 'x' }, { db: before });
      await Parcel.save({ id: 'b', code: 'y', weight: 3 }, { db: before });
      await db.execute('CREATE INDEX made_by_hand ON parcels (weight)');
      await db.execute('ALTER TABLE parcels ADD CONSTRAINT by_hand CHECK (weight < 1000)');

      const after = await openWith(LargerParcel as never);
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
        `SELECT index_name AS name FROM information_schema.statistics WHERE index_name = 'made_by_hand' AND table_schema = DATABASE()
         UNION ALL SELECT constraint_name FROM information_schema.table_constraints WHERE constraint_name = 'by_hand' AND table_schema = DATABASE()`,
      );
      expect(kept.map(({ name }) => name)).toEqual(['made_by_hand', 'by_hand']);
    });

    it('give up a table that stays in use, instead of holding up everyone behind them', async () => {
      const first = await openWith(Parcel as never);
      await first.migrate({ verify: true });
      let finish: () => void = () => {};
      let start: () => void = () => {};
      const started = new Promise<void>((resolve) => {
        start = resolve;
      });
      const holding = first.context(async (inner) => {
        await inner.query('SELECT * FROM parcels LIMIT 1');
        start();
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
      });
      await started;
      const next = await openWith(Heavier as never);
      await expect(next.migrate()).rejects.toBeInstanceOf(TimeoutError);
      finish();
      await holding;
      expect((await next.migrate()).changed).toBe(true);
    }, 60_000);
  });
}
