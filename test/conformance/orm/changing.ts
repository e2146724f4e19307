import { describe, expect, it } from 'vitest';
import { ConflictError, dbContext } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Comment, Counter, LogLine, Product, Sample } from './entities.js';
import { withDatabase } from './suite.js';

const deep = (value: unknown): unknown => {
  let nested = value;
  for (let depth = 0; depth < 60; depth++) nested = [nested];
  return nested;
};

export function describeChanging(backend: Backend): void {
  describe('changing one row', () => {
    const db = withDatabase(backend);
    const product = (name: string): Promise<Product> => Product.save({ name, workspaceId: 'w', price: 1 });
    /** How many statements `work` sends. */
    const statements = async (work: () => Promise<unknown>): Promise<number> => {
      const before = db().stats().statements;
      await work();
      return db().stats().statements - before;
    };

    it('takes one statement, with and without history, where the engine can answer what it changes', async () => {
      const { capabilities, changeReturning } = db().session.core.dialect;
      if (!capabilities.writableCtes && !changeReturning) return;
      const row = await product('one statement');
      const line = await LogLine.save({ line: 'a' });
      expect(await statements(() => Product.save({ name: 'inserted', workspaceId: 'w' }))).toBe(1);
      expect(await statements(() => Product.update(row.id, { price: 2 }))).toBe(1);
      expect(await statements(() => LogLine.update(line.id, { line: 'b' }))).toBe(1);
      expect(await statements(async () => Product.save({ ...row, price: 3 }))).toBe(1);
      expect(await statements(() => Product.softDelete(row.id))).toBe(1);
      expect(await statements(() => Product.restore(row.id))).toBe(1);
      expect((await Product.history(row.id)).map(({ version }) => version)).toEqual([5, 4, 3, 2, 1]);
    });

    it('answers each of many callers the row that its own change made', async () => {
      const { id } = await Counter.save({ name: 'busy', value: -1 });
      const rows = await Promise.all(Array.from({ length: 20 }, (_, value) => Counter.update(id, { value })));
      const versions = await Counter.history(id);
      for (const row of rows)
        expect(versions.find(({ version }) => version === row?.version)).toMatchObject({ value: row?.value });
      expect(new Set(rows.map((row) => row?.version)).size).toBe(20);
    });

    it('writes nothing where a document differs in the order of its members alone', async () => {
      const { id } = await Sample.save({ json: { a: 1, b: [{ c: null, d: 'é' }] }, string: 's' });
      const same = await Sample.update(id, { json: { b: [{ d: 'é', c: null }], a: 1 }, string: 's' });
      expect(same).toMatchObject({ version: 1 });
      expect(await Sample.update(id, { json: { a: 1, b: [{ c: null, d: 'e' }] } })).toMatchObject({ version: 2 });
      expect(await Sample.update(id, { json: null })).toMatchObject({ version: 3, json: null });
      expect(await Sample.update(id, { json: null })).toMatchObject({ version: 3 });
      expect(await Sample.update(id, { json: deep({ a: 1, b: 2 }) })).toMatchObject({ version: 4 });
      expect(await Sample.update(id, { json: deep({ b: 2, a: 1 }) })).toMatchObject({ version: 4 });
      expect(await Sample.update(id, { json: deep({ b: 2, a: 3 }) })).toMatchObject({ version: 5 });
    });

    it('tells values apart that are the same to a floating-point number', async () => {
      const first = { bigint: 2n ** 62n, longDecimal: '12345678901234567890.1000000000', number: 0.1 };
      const { id } = await Sample.save(first);
      expect(await Sample.update(id, first)).toMatchObject({ version: 1 });
      expect(await Sample.update(id, { bigint: 2n ** 62n + 1n })).toMatchObject({ version: 2, bigint: 2n ** 62n + 1n });
      const longDecimal = '12345678901234567890.1000000001';
      expect(await Sample.update(id, { longDecimal })).toMatchObject({ version: 3, longDecimal });
      expect(await Sample.update(id, { number: 0.1 + Number.EPSILON / 8 })).toMatchObject({ version: 4 });
    });

    it('tells apart texts that only case, accents or spaces at the end make different', async () => {
      const { id } = await Sample.save({ string: 'a', text: 'e' });
      expect(await Sample.update(id, { string: 'A' })).toMatchObject({ version: 2, string: 'A' });
      expect(await Sample.update(id, { string: 'A ' })).toMatchObject({ version: 3, string: 'A ' });
      expect(await Sample.update(id, { text: 'é' })).toMatchObject({ version: 4, text: 'é' });
      expect(await Sample.update(id, { text: '' })).toMatchObject({ version: 5, text: '' });
      expect(await Sample.update(id, { text: null })).toMatchObject({ version: 6, text: null });
    });

    it('reports the constraint that refuses a change, and leaves row, history and transaction as they were', async () => {
      const taken = await product('taken');
      const row = await product('free');
      await dbContext(async () => {
        await Product.update(row.id, { price: 5 });
        await expect(Product.update(row.id, { name: taken.name })).rejects.toMatchObject({ kind: 'unique' });
        await expect(Product.update(row.id, { price: -1 })).rejects.toMatchObject({ kind: 'check' });
        await expect(Product.update(row.id, { name: null as never })).rejects.toMatchObject({ kind: 'not_null' });
        const comment = await Comment.save({ productId: row.id, body: 'b' });
        await expect(Comment.update(comment.id, { productId: 'nobody' })).rejects.toMatchObject({
          kind: 'foreign_key',
        });
        await Product.update(row.id, { price: 6 });
      });
      expect((await Product.history(row.id)).map(({ price }) => price)).toEqual([6, 5, 1]);
    });

    it('tells a row that is gone or hidden from one that is at another version', async () => {
      const row = await product('versions');
      await Product.update(row.id, { price: 2 }, { expectedVersion: 1 });
      await expect(Product.update(row.id, { price: 3 }, { expectedVersion: 1 })).rejects.toBeInstanceOf(ConflictError);
      await expect(Product.softDelete(row.id, { expectedVersion: 1 })).rejects.toBeInstanceOf(ConflictError);
      expect(await Product.softDelete(row.id, { expectedVersion: 2 })).toBe(true);
      expect(await Product.softDelete(row.id, { expectedVersion: 2 })).toBe(false);
      expect(await Product.update(row.id, { price: 3 }, { expectedVersion: 2 })).toBeNull();
      await expect(Product.restore(row.id, { expectedVersion: 1 })).rejects.toBeInstanceOf(ConflictError);
      expect(await Product.restore(row.id, { expectedVersion: 3 })).toBe(true);
      expect(await Product.restore(row.id)).toBe(false);
      expect(await Product.update('nobody', { price: 3 })).toBeNull();
    });

    it('keeps a comment with the version that a change made, and with none that it did not make', async () => {
      const { id } = await product('comments');
      await Product.update(id, { price: 2 }, { comment: 'dearer' });
      await Product.update(id, { price: 2 }, { comment: 'again' });
      await Product.softDelete(id, { comment: 'gone' });
      await Product.restore(id, { comment: 'back' });
      const comments = (await Product.history(id)).map(({ historyComment }) => historyComment);
      expect(comments).toEqual(['back', 'gone', 'dearer', null]);
    });

    it('sets the time of deletion to the time of the version that hides the row', async () => {
      const { id } = await product('deleted at');
      await Product.softDelete(id);
      const row = await Product.getOrThrow(id, { includeDeleted: true });
      expect(row.deletedAt).toEqual(row.updatedAt);
      expect((await Product.getVersion(id, 2))?.historyTimestamp).toEqual(row.deletedAt);
    });
  });
}
