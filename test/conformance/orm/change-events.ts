import { describe, expect, it } from 'vitest';
import { runWithContext } from '../../../src/base/context.js';
import { type ChangeEvent, dbContext } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Product } from './entities.js';
import { withDatabase } from './suite.js';

export function describeChangeEvents(backend: Backend): void {
  describe('hearing that rows were changed', () => {
    const db = withDatabase(backend);
    const product = (name: string): Promise<Product> => Product.save({ name, workspaceId: 'w', price: 1 });

    async function heard(work: () => Promise<unknown>): Promise<ChangeEvent[]> {
      const events: ChangeEvent[] = [];
      const off = db().on('change', (event) => void events.push(event));
      await work().finally(off);
      return events;
    }
    const brief = (events: readonly ChangeEvent[]) => events.map(({ action, version }) => [action, version]);

    it('tells of every kind of change of one row, with its version, and shows no row', async () => {
      let id = '';
      const events = await heard(async () => {
        ({ id } = await product('kinds'));
        await Product.update(id, { price: 2 });
        await Product.update(id, { price: 3 }, { comment: 'why' });
        await Product.softDelete(id);
        await Product.restore(id, { comment: 'back' });
        await Product.save({ id, price: 4 });
        await Product.delete(id);
      });
      expect(brief(events)).toEqual([
        ['create', 1],
        ['update', 2],
        ['update', 3],
        ['delete', 4],
        ['restore', 5],
        ['update', 6],
        ['delete', 7],
      ]);
      for (const event of events) expect(event).toMatchObject({ table: 'products', entity: 'Product', id });
      expect(events.some((event) => 'before' in event || 'after' in event)).toBe(false);
    });

    it('tells of saves by another key', async () => {
      const save = (price: number) =>
        Product.save({ name: 'by key', workspaceId: 'w', price }, { matchBy: ['workspaceId', 'name'] });
      const events = await heard(async () => {
        await save(1);
        await save(2);
        await save(2);
      });
      expect(new Set(events.map(({ action, version }) => `${action} ${version}`))).toEqual(
        new Set(['create 1', 'update 2']),
      );
    });

    it('tells of every row of many', async () => {
      const events = await heard(async () => {
        await Product.saveMany([
          { name: 'many 1', workspaceId: 'w', price: 1 },
          { name: 'many 2', workspaceId: 'w', price: 1 },
        ]);
        await Product.updateMany({ name: { in: ['many 1', 'many 2'] } }, { price: 5 });
        await Product.softDeleteMany({ name: 'many 1' });
        await Product.deleteMany({ name: 'many 2' });
      });
      expect(brief(events)).toEqual([
        ['create', 1],
        ['create', 1],
        ['update', 2],
        ['update', 2],
        ['delete', 3],
        ['delete', 3],
      ]);
      const ids = new Set(events.map(({ id }) => id));
      expect(ids.size).toBe(2);
    });

    it('costs a change of one row no statement more', async () => {
      const { id } = await product('cost');
      const cost = async (price: number): Promise<number> => {
        const before = db().stats().statements;
        await Product.update(id, { price });
        return db().stats().statements - before;
      };
      const alone = await cost(2);
      const off = db().on('change', () => {});
      const listened = await cost(3);
      off();
      expect(listened).toBe(alone);
    });

    it('tells nothing of what was rolled back or changed nothing, and keeps who wrote it', async () => {
      const { id } = await product('who');
      const events = await heard(async () => {
        await Product.update(id, { price: 1 });
        await dbContext(async () => {
          await Product.update(id, { price: 9 });
          throw new Error('undo');
        }).catch(() => {});
        await dbContext(() =>
          runWithContext({ actor: { id: 'ann', type: 'user' }, requestId: 'r1', ipAddress: '192.0.2.1' }, () =>
            Product.update(id, { price: 2 }),
          ),
        );
      });
      expect(events).toHaveLength(1);
      expect(events[0]).toMatchObject({
        version: 2,
        actor: { id: 'ann' },
        requestId: 'r1',
        context: { ipAddress: '192.0.2.1' },
      });
    });
  });
}
