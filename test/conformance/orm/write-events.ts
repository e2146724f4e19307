import { describe, expect, it } from 'vitest';
import { runWithContext } from '../../../src/base/context.js';
import { dbContext, type WriteEvent, withActor } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Product } from './entities.js';
import { withDatabase } from './suite.js';

export function describeWriteEvents(backend: Backend): void {
  describe('write events', () => {
    const db = withDatabase(backend);

    async function eventsOf(work: () => Promise<unknown>): Promise<WriteEvent[]> {
      const events: WriteEvent[] = [];
      const off = db().on('write', (event) => void events.push(event));
      await work().finally(off);
      return events;
    }

    it('tell what was done to which row, by whom, in which request', async () => {
      const events = await eventsOf(() =>
        runWithContext({ requestId: 'r1' }, () =>
          withActor({ id: 'ann' }, async () => {
            const { id } = await Product.save({ name: 'event', workspaceId: 'w' });
            await Product.update(id, { price: 2 });
            await Product.update(id, { price: 2 });
            await Product.softDelete(id);
            await Product.restore(id);
            await Product.delete(id);
          }),
        ),
      );
      expect(events.map(({ action, version }) => [action, version])).toEqual([
        ['create', 1],
        ['update', 2],
        ['delete', 3],
        ['restore', 4],
        ['delete', 5],
      ]);
      expect(events[1]).toMatchObject({
        table: 'products',
        entity: 'Product',
        before: { price: 0 },
        after: { price: 2 },
        actor: { id: 'ann' },
        requestId: 'r1',
      });
      expect(events[0]?.before).toBeUndefined();
      expect(events[4]?.after).toBeUndefined();
    });

    it('come after the commit, and not for what was rolled back', async () => {
      const events = await eventsOf(async () => {
        await dbContext(async () => {
          await Product.save({ name: 'kept', workspaceId: 'w' });
          await dbContext(async () => {
            await Product.save({ name: 'undone', workspaceId: 'w' });
            throw new Error('x');
          }).catch(() => {});
          throw new Error('all');
        }).catch(() => {});
        await dbContext(async () => {
          await Product.save({ name: 'second', workspaceId: 'w' });
        });
      });
      expect(events.map((event) => (event.after as Product).name)).toEqual(['second']);
    });

    it('cannot harm a write by a listener that throws', async () => {
      const off = db().on('write', () => {
        throw new Error('listener');
      });
      const saved = await Product.save({ name: 'harmless', workspaceId: 'w' });
      off();
      expect(await Product.get(saved.id)).not.toBeNull();
    });
  });
}
