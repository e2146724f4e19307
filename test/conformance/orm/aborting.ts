import { describe, expect, it } from 'vitest';
import { dbContext } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Counter } from './entities.js';
import { withDatabase } from './suite.js';

export function describeAborting(backend: Backend): void {
  describe('aborting', () => {
    const db = withDatabase(backend);
    const enough = new Error('enough');
    const aborted = AbortSignal.abort(enough);

    it('runs nothing for a signal that is aborted already', async () => {
      const before = db().stats().statements;
      await expect(Counter.save({ name: 'never' }, { signal: aborted })).rejects.toBe(enough);
      await expect(Counter.find({ signal: aborted })).rejects.toBe(enough);
      await expect(db().query('SELECT 1', [], { signal: aborted })).rejects.toBe(enough);
      await expect(db().execute('DELETE FROM counters', [], { signal: aborted })).rejects.toBe(enough);
      await expect(dbContext(() => Counter.count(), { signal: aborted })).rejects.toBe(enough);
      expect(db().stats().statements).toBe(before);
    });

    it('runs no verb by table name for a signal that is aborted already', async () => {
      const handle = db();
      const [table, options] = ['counters', { signal: aborted }] as const;
      const verbs: ReadonlyArray<() => Promise<unknown>> = [
        () => handle.findEntity(table, 'a', options),
        () => handle.findEntities(table, options),
        () => handle.countEntities(table, options),
        () => handle.saveEntity(table, { name: 'never' }, options),
        () => handle.saveEntities(table, [{ name: 'never' }], options),
        () => handle.updateEntity(table, 'a', { value: 1 }, options),
        () => handle.updateEntities(table, { name: 'never' }, { value: 1 }, options),
        () => handle.softDeleteEntity(table, 'a', options),
        () => handle.softDeleteEntities(table, { name: 'never' }, options),
        () => handle.restoreEntity(table, 'a', options),
        () => handle.restoreEntities(table, { name: 'never' }, options),
        () => handle.deleteEntity(table, 'a', options),
        () => handle.deleteEntities(table, { name: 'never' }, options),
        () => handle.entityHistory(table, 'a', options),
        () => handle.entityVersion(table, 'a', 1, options),
        () => handle.revertEntityTo(table, 'a', 1, options),
      ];
      const before = handle.stats().statements;
      for (const verb of verbs) await expect(verb(), String(verb)).rejects.toBe(enough);
      expect(handle.stats().statements).toBe(before);
    });

    it('ends one verb inside a transaction, which goes on', async () => {
      await dbContext(async () => {
        await Counter.save({ name: 'before' });
        await expect(Counter.save({ name: 'never' }, { signal: aborted })).rejects.toBe(enough);
        await Counter.save({ name: 'after' });
      });
      expect(await Counter.count({ where: { name: { in: ['before', 'never', 'after'] } } })).toBe(2);
    });

    it('ends a nested context by its own signal, and by that of the outer one', async () => {
      await dbContext(async () => {
        await expect(dbContext(() => Counter.save({ name: 'nested, never' }), { signal: aborted })).rejects.toBe(
          enough,
        );
        await Counter.save({ name: 'outer, kept' });
      });
      const controller = new AbortController();
      const outer = dbContext(
        () =>
          dbContext(
            async () => {
              await Counter.save({ name: 'nested, never' });
              controller.abort(enough);
              await Counter.save({ name: 'nested, never' });
            },
            { signal: new AbortController().signal },
          ),
        { signal: controller.signal },
      );
      await expect(outer).rejects.toBe(enough);
      expect(await Counter.count({ where: { name: 'outer, kept' } })).toBe(1);
      expect(await Counter.count({ where: { name: 'nested, never' } })).toBe(0);
    });

    it('ends a stream between its batches', async () => {
      await Counter.saveMany(Array.from({ length: 5 }, () => ({ name: 'streamed' })));
      const controller = new AbortController();
      const rows: Counter[] = [];
      const reading = async (): Promise<void> => {
        const where = { name: 'streamed' };
        for await (const row of Counter.stream({ where, batchSize: 2, signal: controller.signal })) {
          rows.push(row);
          if (rows.length === 2) controller.abort(enough);
        }
      };
      await expect(reading()).rejects.toBe(enough);
      expect(rows).toHaveLength(2);
    });

    it('leaves the connection fit for use, whenever the abort comes', async () => {
      for (let round = 0; round < 30; round++) {
        const controller = new AbortController();
        const { signal } = controller;
        const work = dbContext(
          async (inner) => {
            await inner.query('SELECT 1');
            await Counter.save({ name: 'raced', value: round });
          },
          { signal },
        );
        for (let turn = 0; turn < round % 10; turn++) await new Promise(setImmediate);
        controller.abort(enough);
        await work.catch((error: unknown) => expect(error).toBe(enough));
        expect(await db().query('SELECT 2 AS two')).toEqual([{ two: 2 }]);
      }
      expect(db().stats().pool).toMatchObject({ inUse: 0, waiting: 0 });
      for (const { id } of await Counter.find({ where: { name: 'raced' } }))
        expect((await Counter.history(id)).length).toBe(1);
    });
  });
}
