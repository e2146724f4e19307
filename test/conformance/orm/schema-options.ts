import { afterEach, describe, expect, it } from 'vitest';
import { type Database, Entity, type EntityTarget, Field, Model } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';

@Entity({
  table: 'seats',
  unique: [{ fields: ['place'], where: "[state] = 'taken'" }],
  indexes: [{ fields: ['createdAt desc'], where: "[state] = 'taken'" }],
  checks: ["[state] = 'free' OR [guest] IS NOT NULL"],
})
class Seat extends Model {
  @Field({ type: 'string', nullable: false }) place!: string;
  @Field({ default: 'free' }) state!: string;
  @Field({ type: 'string' }) guest?: string | null;
}

export function describeSchemaOptions(backend: Backend): void {
  const { reconnect } = backend;
  describe('options of an entity', () => {
    const open: Database[] = [];
    afterEach(async () => {
      for (const db of open.splice(0)) await db.close();
      await backend.cleanUp();
    });
    const migrated = async (...entities: EntityTarget[]): Promise<Database> => {
      const db = await backend.connect({ entities });
      open.push(db);
      await db.migrate();
      return db;
    };

    it('make values unique among the living rows that meet a condition', async () => {
      const db = await migrated(Seat);
      await Seat.save({ place: 'a' }, { db });
      await Seat.save({ place: 'a' }, { db });
      const taken = await Seat.save({ place: 'a', state: 'taken', guest: 'g' }, { db });
      await expect(Seat.save({ place: 'a', state: 'taken', guest: 'h' }, { db })).rejects.toMatchObject({
        kind: 'unique',
      });
      await Seat.softDelete(taken.id, { db });
      await Seat.save({ place: 'a', state: 'taken', guest: 'h' }, { db });
      await expect(Seat.restore(taken.id, { db })).rejects.toMatchObject({ kind: 'unique' });
    });

    it('check every row over several fields', async () => {
      const db = await migrated(Seat);
      await expect(Seat.save({ place: 'b', state: 'taken' }, { db })).rejects.toMatchObject({ kind: 'check' });
      const seat = await Seat.save({ place: 'b', state: 'taken', guest: 'g' }, { db });
      await expect(Seat.update(seat.id, { guest: null }, { db })).rejects.toMatchObject({ kind: 'check' });
    });

    it('name the condition whose column is unknown, and take no parameters', async () => {
      @Entity({ table: 'wrong', checks: ['[prise] > 0'] })
      class Misspelt extends Model {
        @Field({ type: 'integer' }) price!: number;
      }
      @Entity({ table: 'wrong', indexes: [{ fields: ['price'], where: '[price] > ?' }] })
      class Parameterised extends Model {
        @Field({ type: 'integer' }) price!: number;
      }
      await expect(migrated(Misspelt)).rejects.toThrow(/A check of Misspelt .*\[prise\]; did you mean "price"\?/);
      await expect(migrated(Parameterised)).rejects.toThrow(/An index of Parameterised cannot take parameters/);
    });

    if (!reconnect) return;
    it('leave alone what someone made by hand, also where the table is replaced', async () => {
      @Entity({ table: 'kept', history: false })
      class Before extends Model {
        @Field({ type: 'integer' }) size?: number | null;
        @Field({ type: 'string', unique: true }) code?: string | null;
      }
      @Entity({ table: 'kept', history: false, checks: ['[size] < 100'] })
      class After extends Model {
        @Field({ type: 'integer', nullable: false, default: 3 }) size!: number;
        @Field({ type: 'string' }) code?: string | null;
      }
      const before = await migrated(Before);
      await Before.save({ id: 'a', size: 5 }, { db: before });
      await before.execute('CREATE INDEX by_hand ON kept (size)');
      await before.execute('CREATE VIEW kept_view AS SELECT id, size FROM kept');
      const after = await reconnect(before, { entities: [After] });
      open.push(after);
      expect((await after.migrate()).steps.map((step) => step.description).join()).not.toContain('by_hand,');
      expect(String(await after.plan())).toBe('Nothing to do.');
      expect(await after.query('SELECT id, size FROM kept_view')).toEqual([{ id: 'a', size: 5 }]);
      await expect(after.execute('CREATE INDEX by_hand ON kept (size)')).rejects.toThrow(/by_hand/);
      await expect(After.save({ size: 100 }, { db: after })).rejects.toMatchObject({ kind: 'check' });
    });
  });
}
