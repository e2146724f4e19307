import { describe, expect, it } from 'vitest';
import { ConflictError, dbContext, type WriteEvent } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Counter, Product } from './entities.js';
import { withDatabase } from './suite.js';

export function describeListenedChanges(backend: Backend): void {
  describe('changing one row while somebody listens', () => {
    const db = withDatabase(backend);
    const product = (name: string): Promise<Product> => Product.save({ name, workspaceId: 'w', price: 1 });

    async function eventsOf(work: () => Promise<unknown>): Promise<WriteEvent[]> {
      const events: WriteEvent[] = [];
      const off = db().on('write', (event) => void events.push(event));
      await work().finally(off);
      return events;
    }

    it('tells the row before and after, of every kind of change', async () => {
      const { id } = await product('kinds');
      const events = await eventsOf(async () => {
        await Product.update(id, { price: 2 });
        await Product.softDelete(id);
        await Product.restore(id, { comment: 'back' });
        await dbContext(() => Product.update(id, { price: 3 }));
      });
      expect(events.map(({ action, version }) => [action, version])).toEqual([
        ['update', 2],
        ['delete', 3],
        ['restore', 4],
        ['update', 5],
      ]);
      expect(events.map(({ before, after }) => [before, after])).toMatchObject([
        [
          { price: 1, version: 1 },
          { price: 2, version: 2 },
        ],
        [{ deletedAt: null }, { deletedAt: expect.any(Date) }],
        [{ deletedAt: expect.any(Date) }, { deletedAt: null }],
        [
          { price: 2, version: 4 },
          { price: 3, version: 5 },
        ],
      ]);
      expect(await Product.get(id)).toEqual(events.at(-1)?.after);
    });

    it('takes at most two statements outside of transactions, and none that writes where nothing differs', async () => {
      const { capabilities, changeReturning } = db().session.core.dialect;
      if (!capabilities.writableCtes && !changeReturning) return;
      const { id } = await product('two');
      const before = db().stats().statements;
      expect(await eventsOf(() => Product.update(id, { price: 2 }))).toHaveLength(1);
      expect(db().stats().statements - before).toBeLessThanOrEqual(2);
      expect(await eventsOf(() => Product.update(id, { price: 2 }))).toEqual([]);
      expect(await Product.get(id)).toMatchObject({ version: 2 });
    });

    it('tells of every one of many changes of one row what it was before', async () => {
      const { id } = await Counter.save({ name: 'listened', value: -1 });
      const events = await eventsOf(() =>
        Promise.all(Array.from({ length: 20 }, (_, value) => Counter.update(id, { value }))),
      );
      const byVersion = events.toSorted((a, b) => a.version - b.version);
      expect(byVersion.map(({ version }) => version)).toEqual(Array.from({ length: 20 }, (_, at) => at + 2));
      for (const [at, { before }] of byVersion.slice(1).entries()) expect(before).toEqual(byVersion[at]?.after);
    });

    it('tells of nothing that was not changed', async () => {
      const { id } = await product('unchanged');
      const other = await product('taken');
      const events = await eventsOf(async () => {
        await expect(Product.update(id, { price: 3 }, { expectedVersion: 7 })).rejects.toBeInstanceOf(ConflictError);
        await expect(Product.update(id, { name: other.name })).rejects.toMatchObject({ kind: 'unique' });
        expect(await Product.restore(id)).toBe(false);
        expect(await Product.update('nobody', { price: 3 })).toBeNull();
        await Product.softDelete(id);
        expect(await Product.update(id, { price: 3 })).toBeNull();
        expect(await Product.softDelete(id)).toBe(false);
      });
      expect(events.map(({ action }) => action)).toEqual(['delete']);
    });
  });
}
