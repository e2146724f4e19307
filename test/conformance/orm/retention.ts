import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import { dbContext, Entity, Field, Model, NotFoundError, withTenant } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { ENTITIES, Product } from './entities.js';
import { withDatabase } from './suite.js';

const DAY_MS = 86_400_000;

@Entity({ table: 'daily', historyRetention: { days: 30 } })
class Daily extends Model {
  @Field({ type: 'integer' }) value!: number;
}

@Entity({ table: 'last_three', historyRetention: { keepLast: 3 }, tenant: 'owner' })
class LastThree extends Model {
  @Field({ type: 'string' }) owner!: string;
  @Field({ type: 'integer' }) value!: number;
}

@Entity({ table: 'both_bounds', historyRetention: { days: 30, keepLast: 2 } })
class BothBounds extends Model {
  @Field({ type: 'integer' }) value!: number;
}

export function describeRetention(backend: Backend): void {
  describe('history retention', () => {
    const clock = new FakeClock();
    const db = withDatabase(backend, { clock, entities: [...ENTITIES, Daily, LastThree, BothBounds] });
    const days = (count: number): void => void clock.advance(count * DAY_MS);
    const versions = async (rows: Promise<Array<{ version: number }>>): Promise<number[]> =>
      (await rows).map(({ version }) => version);

    it('removes what was overwritten before the days, and keeps what was in force when they began', async () => {
      const { id } = await Daily.save({ value: 1 });
      const atFirst = new Date(clock.now());
      days(10);
      await Daily.update(id, { value: 2 });
      days(10);
      await Daily.update(id, { value: 3 });
      days(25);
      await Daily.update(id, { value: 4 });
      const begin = new Date(clock.now() - 30 * DAY_MS);
      const asOfBegin = await Daily.asOf(begin).get(id);
      expect(await db().pruneHistory()).toMatchObject({ daily: 1 });
      expect(await versions(Daily.history(id))).toEqual([4, 3, 2]);
      expect(await Daily.asOf(begin).get(id)).toEqual(asOfBegin);
      expect(asOfBegin).toMatchObject({ value: 2 });
      expect(await Daily.asOf(new Date(clock.now())).find({ where: { id } })).toMatchObject([{ value: 4 }]);
      await expect(Daily.asOf(atFirst).get(id)).rejects.toThrow(NotFoundError);
      await expect(Daily.asOf(atFirst).find()).rejects.toThrow(/older versions were not kept/);
      await expect(Daily.asOf(atFirst).count()).rejects.toThrow(NotFoundError);
      expect(await db().pruneHistory()).toMatchObject({ daily: 0 });
    });

    it('never removes the newest version, of a deleted row neither, and lets versions go on', async () => {
      const { id } = await Daily.save({ value: 1 });
      await Daily.update(id, { value: 2 });
      await Daily.delete(id);
      days(100);
      await db().pruneHistory();
      expect(await versions(Daily.history(id))).toEqual([3]);
      expect(await Daily.save({ id, value: 5 })).toMatchObject({ version: 4 });
      expect(await Daily.asOf(new Date(clock.now())).get(id)).toMatchObject({ value: 5 });
    });

    it('keeps so many of the newest, of every row by itself', async () => {
      const [a, b] = await withTenant('a', () => LastThree.saveMany([{ value: 0 }, { value: 0 }]));
      const before = new Date(clock.now());
      days(1);
      for (let value = 1; value < 6; value++) await withTenant('a', () => LastThree.update(a?.id as string, { value }));
      await withTenant('b', () => LastThree.save({ value: 7 }));
      expect(await db().pruneHistory()).toMatchObject({ last_three: 3 });
      await withTenant('a', async () => {
        expect(await versions(LastThree.history(a?.id as string))).toEqual([6, 5, 4]);
        expect(await versions(LastThree.history(b?.id as string))).toEqual([1]);
        await expect(LastThree.asOf(before).get(a?.id as string)).rejects.toThrow(NotFoundError);
        expect(await LastThree.asOf(before).get(b?.id as string)).toMatchObject({ value: 0 });
        await expect(LastThree.asOf(before).find()).rejects.toThrow(NotFoundError);
      });
      expect(await withTenant('b', () => LastThree.asOf(before).find())).toEqual([]);
    });

    it('keeps what either bound asks for', async () => {
      const { id } = await BothBounds.save({ value: 1 });
      for (const value of [2, 3]) await BothBounds.update(id, { value });
      expect(await db().pruneHistory()).toMatchObject({ both_bounds: 0 });
      days(40);
      expect(await db().pruneHistory()).toMatchObject({ both_bounds: 1 });
      expect(await versions(BothBounds.history(id))).toEqual([3, 2]);
    });

    it('goes through more rows than fit into one transaction', async () => {
      const rows = await Daily.saveMany(Array.from({ length: 701 }, () => ({ value: 0 })));
      await Daily.saveMany(rows.map(({ id }) => ({ id, value: 1 })));
      days(31);
      expect(await db().pruneHistory()).toMatchObject({ daily: 701 });
    });

    it('leaves entities alone that say nothing of it', async () => {
      const { id } = await Product.save({ name: 'kept', workspaceId: 'w' });
      await Product.update(id, { price: 1 });
      days(1000);
      expect(await db().pruneHistory()).not.toHaveProperty('products');
      expect(await Product.history(id)).toHaveLength(2);
    });

    it('does not run inside a transaction, which it would hold for long', async () => {
      await expect(dbContext(() => db().pruneHistory(), { db: db() })).rejects.toThrow(/outside/);
    });
  });
}
