import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import { NotFoundError, SchemaError, ValidationError } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Comment, Counter, Product } from './entities.js';
import { withDatabase } from './suite.js';

export function describeRevertingTables(backend: Backend): void {
  describe('reverting tables', () => {
    const clock = new FakeClock();
    const db = withDatabase(backend, { clock });
    const moment = (): Date => {
      clock.advance(1_000);
      const now = new Date(clock.now());
      clock.advance(1_000);
      return now;
    };

    it('brings back what was changed or deleted, and hides what came later', async () => {
      const [changed, hidden, gone, same] = await Product.saveMany(
        ['changed', 'hidden', 'gone', 'same'].map((name) => ({ name, workspaceId: 'revert', price: 1 })),
      );
      const then = moment();
      await Product.update(changed?.id as string, { price: 2, tags: ['x'] });
      await Product.softDelete(hidden?.id as string);
      await Product.delete(gone?.id as string);
      const late = await Product.save({ name: 'gone', workspaceId: 'revert' });
      clock.advance(1_000);

      const preview = await db().revert('products', then);
      expect(preview).toMatchObject({ dryRun: true, rowsInHistoryAtTarget: 4, currentRows: 3, rowsCreatedAfter: 1 });
      expect(await Product.count({ where: { workspaceId: 'revert' } })).toBe(3);

      const before = await Product.history(changed?.id as string);
      const outcome = await db().revert('products', then, { confirm: true });
      expect(outcome).toEqual({ dryRun: false, table: 'products', targetTime: then, restored: 3, softDeleted: 1 });
      const rows = await Product.find({ where: { workspaceId: 'revert' }, orderBy: 'name' });
      expect(
        rows.map(({ name, price, createdAt, updatedAt, version }) => [name, price, createdAt, updatedAt, version]),
      ).toEqual([
        ['changed', 1, changed?.createdAt, changed?.updatedAt, 3],
        ['gone', 1, gone?.createdAt, gone?.updatedAt, 3],
        ['hidden', 1, hidden?.createdAt, hidden?.updatedAt, 3],
        ['same', 1, same?.createdAt, same?.updatedAt, 1],
      ]);
      expect(await Product.get(late.id)).toBeNull();
      const [newest, ...older] = await Product.history(changed?.id as string);
      expect(older).toEqual(before);
      expect(newest).toMatchObject({
        historyUserId: 'system:history_restore',
        historyComment: `Restored to ${then.toISOString()}`,
        historyTimestamp: new Date(clock.now()),
        price: 1,
      });
      expect((await db().revert('products', then, { confirm: true })) as object).toMatchObject({
        restored: 0,
        softDeleted: 0,
      });
    });

    it('brings several tables back at one moment, whatever references what', async () => {
      const product = await Product.save({ name: 'parent', workspaceId: 'all' });
      const comment = await Comment.save({ productId: product.id, body: 'child' });
      const then = moment();
      await Product.delete(product.id);
      expect(await Comment.get(comment.id)).toBeNull();
      const outcomes = await db().revertAll(then, { tables: ['comments', 'products'], confirm: true });
      expect(outcomes.map(({ table, restored }) => [table, restored])).toEqual([
        ['comments', 1],
        ['products', 1],
      ]);
      expect(await Comment.get(comment.id)).toMatchObject({ body: 'child', productId: product.id });
    });

    it('changes nothing where one row cannot come back', async () => {
      const product = await Product.save({ name: 'orphan', workspaceId: 'stuck' });
      const comment = await Comment.save({ productId: product.id, body: 'child' });
      const then = moment();
      await Product.delete(product.id);
      const late = await Product.save({ name: 'late', workspaceId: 'stuck' });
      await Comment.save({ productId: late.id, body: 'late' });
      await expect(db().revert('comments', then, { confirm: true })).rejects.toMatchObject({ kind: 'foreign_key' });
      expect(await Comment.get(comment.id)).toBeNull();
      expect(await Comment.count({ where: { productId: late.id } })).toBe(1);
    });

    it('refuses unknown tables, tables without history, and the future', async () => {
      await expect(db().revert('productz', new Date(0))).rejects.toThrow(/productz.*products/);
      await expect(db().revert('log_lines', new Date(0))).rejects.toThrow(SchemaError);
      await expect(db().revert('products', new Date(clock.now() + 1))).rejects.toThrow(ValidationError);
      await expect(db().revert('products', new Date(Number.NaN))).rejects.toThrow(ValidationError);
    });

    it('refuses a time of which versions were not kept', async () => {
      const counter = await Counter.save({ name: 'pruned' });
      const then = moment();
      await Counter.update(counter.id, { value: 1 });
      await db().execute('DELETE FROM [counters_history] WHERE [id] = ? AND [version] = 1', [counter.id]);
      await expect(db().revert('counters', then, { confirm: true })).rejects.toThrow(NotFoundError);
      await db().execute('DELETE FROM [counters_history]');
      await db().execute('DELETE FROM [counters]');
    });

    it('does what a model says, whatever was done', async () => {
      const step = fc.tuple(
        fc.integer({ min: 0, max: 4 }),
        fc.constantFrom('save', 'change', 'hide', 'show', 'remove'),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { maxLength: 12 }),
          fc.array(step, { maxLength: 12 }),
          async (first, second) => {
            await db().execute('DELETE FROM [counters_history]');
            await db().execute('DELETE FROM [counters]');
            let value = 0;
            const run = async (steps: typeof first): Promise<void> => {
              for (const [row, action] of steps) {
                const id = `row-${row}`;
                clock.advance(1_000);
                if (action === 'save') await Counter.save({ id, name: id, value: value++ }).catch(() => {});
                if (action === 'change') await Counter.update(id, { value: value++ });
                if (action === 'hide') await Counter.softDelete(id);
                if (action === 'show') await Counter.restore(id);
                if (action === 'remove') await Counter.delete(id);
              }
            };
            const live = async (): Promise<Array<[id: string, value: number, updatedAt: Date]>> =>
              (await Counter.find({ orderBy: 'id' })).map(({ id, value: held, updatedAt }) => [id, held, updatedAt]);
            await run(first);
            const then = moment();
            const model = await live();
            await run(second);
            clock.advance(1_000);
            // A row that has its values of then is left as it is, with the time of its last change.
            const untouched = new Map((await live()).map((row) => [JSON.stringify(row.slice(0, 2)), row]));
            await db().revert('counters', then, { confirm: true });
            expect(await live()).toEqual(model.map((row) => untouched.get(JSON.stringify(row.slice(0, 2))) ?? row));
          },
        ),
        { numRuns: 12 },
      );
    });
  });
}
