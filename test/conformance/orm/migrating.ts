import { afterEach, describe, expect, it } from 'vitest';
import { type ConnectOptions, type Database, Entity, type EntityTarget, Field, Model } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { ENTITIES } from './entities.js';

function shapes() {
  @Entity({ table: 'items' })
  class First extends Model {
    @Field({ type: 'string', nullable: false }) name!: string;
    @Field({ type: 'string', nullable: false }) code!: string;
  }
  @Entity({ table: 'items', unique: [['label', 'code']] })
  class Renamed extends Model {
    @Field({ type: 'string', nullable: false, renamedFrom: 'name' }) label!: string;
    @Field({ type: 'string', nullable: false }) code!: string;
    @Field({ type: 'integer', nullable: false, default: 7, check: '[amount] > 0', index: true }) amount!: number;
  }
  @Entity({ table: 'items' })
  class Back extends Model {
    @Field({ type: 'string', renamedFrom: 'label' }) name?: string;
  }
  @Entity({ table: 'items' })
  class Strict extends Model {
    @Field({ type: 'string', unique: true, nullable: false }) name!: string;
    @Field({ type: 'string', check: "[code] <> 'bad'" }) code!: string;
    @Field({ type: 'string', nullable: false }) extra!: string;
  }
  @Entity({ table: 'items' })
  class Retyped extends Model {
    @Field({ type: 'string' }) name!: string;
    @Field({ type: 'integer' }) code!: number;
  }
  @Entity({ table: 'items' })
  class RenamedWithDefault extends Model {
    @Field({ type: 'string', default: 'unnamed', renamedFrom: 'name' }) title!: string;
    @Field({ type: 'string' }) code?: string;
  }
  @Entity({ table: 'goods', renamedFrom: 'items' })
  class Moved extends Model {
    @Field({ type: 'string', renamedFrom: 'name' }) title!: string;
  }
  return { First, Renamed, RenamedWithDefault, Back, Strict, Retyped, Moved };
}

export function describeMigrating(backend: Backend): void {
  const { reconnect } = backend;
  describe('migrating', () => {
    const open: Database[] = [];
    afterEach(async () => {
      for (const db of open.splice(0)) await db.close();
      await backend.cleanUp();
    });
    const fresh = async (entities: EntityTarget[], options: ConnectOptions = {}): Promise<Database> => {
      const db = await backend.connect({ entities, ...options });
      open.push(db);
      return db;
    };

    it('plans nothing any more once it has run, for every field type and option', async () => {
      const db = await fresh(ENTITIES);
      expect((await db.plan()).steps.length).toBeGreaterThan(0);
      expect((await db.migrate()).changed).toBe(true);
      expect(String(await db.plan())).toBe('Nothing to do.');
      expect(await db.migrate({ verify: true })).toMatchObject({ changed: false });
      expect(await db.migrations()).toHaveLength(1);
    });

    it('runs nothing when it plans', async () => {
      const db = await fresh(ENTITIES);
      await db.plan();
      expect(await db.orphans()).toEqual({ orphanTables: [], orphanColumns: {} });
      await expect(db.query('SELECT * FROM products')).rejects.toThrow();
    });

    if (!reconnect) return;
    const next = async (first: Database, entities: EntityTarget[], options: ConnectOptions = {}): Promise<Database> => {
      const db = await reconnect(first, { entities, ...options });
      open.push(db);
      return db;
    };

    it('adds columns, checks and indexes, copies renamed columns and keeps the old ones', async () => {
      const { First, Renamed } = shapes();
      const before = await fresh([First]);
      await before.migrate();
      const row = await First.save({ name: 'n', code: 'c' }, { db: before });
      const after = await next(before, [Renamed]);
      const { warnings } = await after.migrate();
      expect(warnings.map((warning) => warning.name)).toEqual(['items.name', 'items_history.name']);
      expect(await Renamed.get(row.id, { db: after })).toMatchObject({ label: 'n', code: 'c', amount: 7, version: 1 });
      expect(await Renamed.getVersion(row.id, 1, { db: after })).toMatchObject({ label: 'n' });
      const made = await Renamed.save({ label: 'x', code: 'y' }, { db: after });
      expect(made.amount).toBe(7);
      await expect(Renamed.save({ label: 'z', code: 'y', amount: 0 }, { db: after })).rejects.toMatchObject({
        kind: 'check',
      });
      await expect(Renamed.save({ label: 'x', code: 'y' }, { db: after })).rejects.toMatchObject({ kind: 'unique' });
      await expect(Renamed.save({ code: 'y' }, { db: after })).rejects.toMatchObject({ kind: 'not_null' });
      expect((await after.plan()).steps).toEqual([]);
      expect(await after.orphans()).toEqual({
        orphanTables: [],
        orphanColumns: { items: ['name'], items_history: ['name'] },
      });
    });

    it('copies a renamed column over the default of the new one', async () => {
      const { First, RenamedWithDefault } = shapes();
      const before = await fresh([First]);
      await before.migrate();
      const row = await First.save({ name: 'kept', code: 'c' }, { db: before });
      const after = await next(before, [RenamedWithDefault]);
      await after.migrate();
      expect(await RenamedWithDefault.get(row.id, { db: after })).toMatchObject({ title: 'kept' });
      expect(await RenamedWithDefault.getVersion(row.id, 1, { db: after })).toMatchObject({ title: 'kept' });
    });

    it('requires a renamed column at once, for what was empty in the old one holds the default', async () => {
      @Entity({ table: 'items' })
      class Required extends Model {
        @Field({ type: 'string', nullable: false, default: 'unnamed', renamedFrom: 'name' }) title!: string;
        @Field({ type: 'string' }) code?: string | null;
      }
      @Entity({ table: 'items' })
      class Empty extends Model {
        @Field({ type: 'string' }) name?: string | null;
        @Field({ type: 'string' }) code?: string | null;
      }
      const first = await fresh([Empty]);
      await first.migrate();
      await Empty.saveMany([{ id: 'a', name: 'kept' }, { id: 'b' }], { db: first });
      const db = await next(first, [Required]);
      const { warnings } = await db.migrate();
      expect(warnings.map(({ name }) => name)).toEqual(['items.name', 'items_history.name']);
      expect((await db.plan()).steps).toEqual([]);
      expect(await Required.find({ orderBy: 'id', db })).toMatchObject([{ title: 'kept' }, { title: 'unnamed' }]);
      await expect(db.execute("UPDATE items SET title = NULL WHERE id = 'a'")).rejects.toMatchObject({
        kind: 'not_null',
      });
    });

    it('copies a column back when it is renamed back, and brings no cleared value to life', async () => {
      const { First, Renamed, Back } = shapes();
      const first = await fresh([First]);
      await first.migrate();
      const row = await First.save({ name: 'old', code: 'c' }, { db: first });
      const second = await next(first, [Renamed]);
      await second.migrate();
      await Renamed.update(row.id, { label: 'new' }, { db: second });
      const third = await next(first, [Back]);
      await third.migrate();
      expect(await Back.get(row.id, { db: third })).toMatchObject({ name: 'new' });
      await Back.update(row.id, { name: null }, { db: third });
      await third.migrate({ verify: true });
      expect(await Back.get(row.id, { db: third })).toMatchObject({ name: null });
    });

    it('lets constraints wait while rows stand against them, says so, and enforces them once they are mended', async () => {
      const { First, Strict } = shapes();
      const before = await fresh([First]);
      await before.migrate();
      const rows = await First.saveMany(
        [
          { name: 'same', code: 'bad' },
          { name: 'same', code: 'ok' },
        ],
        { db: before },
      );
      const after = await next(before, [Strict]);
      const { warnings } = await after.migrate();
      expect(warnings.map((warning) => warning.message).join('\n')).toMatch(/items\.extra has 2 rows without a value/);
      expect(warnings).toHaveLength(3);
      const [a, b] = rows as [InstanceType<typeof First>, InstanceType<typeof First>];
      await Strict.update(a.id, { name: 'other', code: 'fine', extra: 'e' }, { db: after });
      await Strict.update(b.id, { extra: 'e' }, { db: after });
      expect((await after.migrate()).warnings).toEqual([]);
      await expect(Strict.save({ name: 'other', extra: 'e' }, { db: after })).rejects.toMatchObject({ kind: 'unique' });
      await expect(Strict.save({ name: 'third' }, { db: after })).rejects.toMatchObject({ kind: 'not_null' });
      expect(String(await after.plan())).toBe('Nothing to do.');
    });

    it('changes a type and drops columns and tables only when they are named', async () => {
      const { First, Retyped } = shapes();
      const before = await fresh([First, ...ENTITIES]);
      await before.migrate();
      const row = await First.save({ name: 'n', code: '12' }, { db: before });
      const after = await next(before, [Retyped]);
      const { steps, warnings } = await after.migrate();
      expect(steps.every((step) => !/drop column|drop table/.test(step.description))).toBe(true);
      expect(warnings.map((warning) => warning.name)).toEqual(expect.arrayContaining(['items.code', 'products']));
      const named = await after.migrate({ allowDrops: ['items.code', 'comments', 'comments_history'] });
      expect(named.changed).toBe(true);
      expect(await Retyped.get(row.id, { db: after })).toMatchObject({ code: 12, name: 'n' });
      expect((await after.orphans()).orphanTables).not.toContain('comments');
      expect((await after.orphans()).orphanTables).toContain('products');
    });

    it('copies the rows of a renamed table and keeps the old one', async () => {
      const { First, Moved } = shapes();
      const before = await fresh([First]);
      await before.migrate();
      const row = await First.save({ name: 'n', code: 'c' }, { db: before });
      const after = await next(before, [Moved]);
      await after.migrate();
      expect(await Moved.get(row.id, { db: after })).toMatchObject({ title: 'n', version: 1 });
      expect(await Moved.history(row.id, { db: after })).toHaveLength(1);
      expect((await after.orphans()).orphanTables).toEqual(['items', 'items_history']);
      expect((await after.migrate({ verify: true })).changed).toBe(false);
    });

    it('calls beforeMigrate before it changes a database that holds something, and stops when that fails', async () => {
      const { First, Renamed } = shapes();
      const calls: string[] = [];
      const before = await fresh([First], { beforeMigrate: () => void calls.push('empty') });
      await before.migrate();
      expect(calls).toEqual([]);
      const refusing = await next(before, [Renamed], {
        beforeMigrate: () => {
          throw new Error('no backup');
        },
      });
      await expect(refusing.migrate()).rejects.toThrow('no backup');
      const after = await next(before, [Renamed], { beforeMigrate: (plan) => void calls.push(String(plan)) });
      await after.migrate();
      await after.migrate();
      expect(calls).toHaveLength(1);
      expect(calls[0]).toContain('items');
    });

    it('applies once when several instances start at the same time', async () => {
      const { First, Renamed } = shapes();
      const before = await fresh([First]);
      await before.migrate();
      const instances = await Promise.all(Array.from({ length: 4 }, () => next(before, [Renamed])));
      const results = await Promise.all(instances.map((db) => db.migrate()));
      expect(results.filter((result) => result.changed)).toHaveLength(1);
    });

    it('runs seeds under the migration lock, all or nothing', async () => {
      const { First } = shapes();
      const db = await fresh([First]);
      await db.migrate();
      const failed = db.withMigrationLock(async () => {
        await First.save({ name: 'seed', code: 'c' });
        throw new Error('half');
      });
      await expect(failed).rejects.toThrow('half');
      expect(await First.count({ db })).toBe(0);
      await db.withMigrationLock((handle) => First.save({ name: 'seed', code: 'c' }, { db: handle, matchBy: 'code' }));
      expect(await First.count({ db })).toBe(1);
      await expect(db.context(() => db.migrate())).rejects.toThrow(/inside dbContext/);
    });
  });
}
