import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import { NotFoundError, withActor } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Product } from './entities.js';
import { withDatabase } from './suite.js';

export function describePast(backend: Backend): void {
  describe('history', () => {
    const clock = new FakeClock();
    const db = withDatabase(backend, { clock });
    let next = 0;
    const make = (price: number): Promise<Product> => Product.save({ name: `past ${next++}`, workspaceId: 'w', price });

    it('keeps every version, newest first, with time, user and comment', async () => {
      const { id } = await make(1);
      clock.advance(1000);
      await withActor({ id: 'ann' }, () => Product.update(id, { price: 2 }, { comment: 'sale' }));
      const [second, first] = await Product.history(id);
      expect(second).toBeInstanceOf(Product);
      expect(second).toMatchObject({ version: 2, price: 2, historyUserId: 'ann', historyComment: 'sale' });
      expect(first).toMatchObject({ version: 1, price: 1, historyUserId: null, historyComment: null });
      expect(Number(second?.historyTimestamp) - Number(first?.historyTimestamp)).toBe(1000);
    });

    it('answers one version, or null', async () => {
      const { id } = await make(1);
      await Product.update(id, { price: 2 });
      expect(await Product.getVersion(id, 1)).toMatchObject({ price: 1, version: 1 });
      expect(await Product.getVersion(id, 9)).toBeNull();
    });

    it('tells what differs between two versions', async () => {
      const { id } = await make(1);
      await Product.update(id, { price: 2, tags: ['x'] });
      await Product.softDelete(id);
      expect(await Product.diff(id, 1, 2)).toEqual({ price: [1, 2], tags: [null, ['x']] });
      expect(await Product.diff(id, 2, 3)).toEqual({ deletedAt: [null, expect.any(Date)] });
      await expect(Product.diff(id, 1, 7)).rejects.toThrow(NotFoundError);
    });

    it('shows the table as it was at any moment', async () => {
      const moment = (): Date => {
        clock.advance(10);
        return new Date(clock.now());
      };
      const nothing = moment();
      clock.advance(10);
      const { id, name } = await make(1);
      const created = moment();
      clock.advance(10);
      await Product.update(id, { price: 2 });
      const changed = moment();
      clock.advance(10);
      await Product.softDelete(id);
      const hidden = moment();
      clock.advance(10);
      await Product.delete(id);
      const gone = moment();

      expect(await Product.asOf(nothing).get(id)).toBeNull();
      expect(await Product.asOf(created).get(id)).toMatchObject({ price: 1, version: 1 });
      expect(await Product.asOf(changed).findOne({ where: { name } })).toMatchObject({ price: 2, version: 2 });
      expect(await Product.asOf(changed).find({ where: 'price = ? AND [name] = ?', params: [1, name] })).toEqual([]);
      expect(await Product.asOf(hidden).get(id)).toBeNull();
      expect(await Product.asOf(hidden).get(id, { includeDeleted: true })).toMatchObject({ version: 3 });
      expect(await Product.asOf(gone).count({ where: { id }, includeDeleted: true })).toBe(0);
    });

    it('never lets versions go back in time, also when the clock does', async () => {
      const { id } = await make(1);
      clock.advance(-60_000);
      await Product.update(id, { price: 2 });
      const times = (await Product.history(id)).map((version) => Number(version.historyTimestamp));
      expect(times[0]).toBeGreaterThanOrEqual(times[1] ?? Number.NaN);
    });

    it('keeps versions gapless and unique under 100 concurrent saves', async () => {
      const { id } = await make(0);
      await Promise.all(Array.from({ length: 100 }, (_, price) => Product.save({ id, price: price + 1 })));
      const versions = (await Product.history(id)).map((version) => version.version);
      expect(versions).toEqual(Array.from({ length: 101 }, (_, index) => 101 - index));
      expect((await Product.getOrThrow(id)).version).toBe(101);
    });

    it('writes row and version together or not at all', async () => {
      const { id } = await make(1);
      const taken = 'INSERT INTO products_history (id, version, history_timestamp) VALUES (?, 2, ?)';
      await db().execute(taken, [id, new Date()]);
      await expect(Product.update(id, { price: 2 })).rejects.toMatchObject({ kind: 'unique' });
      expect(await Product.get(id)).toMatchObject({ price: 1, version: 1 });
    });
  });
}
