import { describe, expect, it } from 'vitest';
import { ConflictError, dbContext, type WriteEvent, withActor, withTenant } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Comment, Counter, LogLine, Note, Product } from './entities.js';
import { withDatabase } from './suite.js';

export function describeDeleting(backend: Backend): void {
  describe('deleting', () => {
    const db = withDatabase(backend);
    let next = 0;
    const make = (): Promise<Product> => Product.save({ name: `deleting ${next++}`, workspaceId: 'w' });

    it('hides a soft-deleted row from every read unless it is asked for', async () => {
      const { id, name } = await make();
      expect(await Product.softDelete(id)).toBe(true);
      expect(await Product.get(id)).toBeNull();
      expect(await Product.exists({ where: { id } })).toBe(false);
      expect(await Product.find({ where: `name = ? OR 1 = 1`, params: [name] })).not.toContainEqual(
        expect.objectContaining({ id }),
      );
      expect(await Product.get(id, { includeDeleted: true })).toMatchObject({
        id,
        version: 2,
        deletedAt: expect.any(Date),
      });
      expect(await Product.count({ where: { id }, includeDeleted: true })).toBe(1);
    });

    it('answers false, and makes no ghost row, for a row that is not there', async () => {
      const { id } = await make();
      expect(await Product.softDelete('missing')).toBe(false);
      expect(await Product.restore('missing')).toBe(false);
      expect(await Product.delete('missing')).toBe(false);
      expect(await Product.restore(id)).toBe(false);
      await Product.softDelete(id);
      expect(await Product.softDelete(id)).toBe(false);
      expect(await Product.get('missing', { includeDeleted: true })).toBeNull();
    });

    it('restores a soft-deleted row', async () => {
      const { id } = await make();
      await Product.softDelete(id);
      expect(await Product.restore(id)).toBe(true);
      expect(await Product.get(id)).toMatchObject({ version: 3, deletedAt: null });
    });

    it('does not update a soft-deleted row', async () => {
      const { id } = await make();
      await Product.softDelete(id);
      expect(await Product.update(id, { price: 4 })).toBeNull();
    });

    it('creates a soft-deleted id again, but not by saving what was loaded before', async () => {
      const loaded = await make();
      await Product.softDelete(loaded.id);
      await expect(Product.save({ ...loaded, price: 8 })).rejects.toThrow(ConflictError);
      expect(await Product.save({ id: loaded.id, price: 8 })).toMatchObject({ price: 8, deletedAt: null, version: 3 });
    });

    it('deletes for good, keeps the history, and lets the id be used again with versions going on', async () => {
      const { id, name } = await make();
      expect(await Product.delete(id)).toBe(true);
      expect(await Product.get(id, { includeDeleted: true })).toBeNull();
      const again = await Product.save({ id, name, workspaceId: 'w' });
      expect(again.version).toBe(3);
      expect((await Product.history(id)).map((version) => version.version)).toEqual([3, 2, 1]);
    });

    it('takes one statement to delete for good what nothing has to follow, where the engine can', async () => {
      if (!db().session.core.dialect.capabilities.writableCtes) return;
      const [counter, line] = [await Counter.save({ name: 'one' }), await LogLine.save({ line: 'one' })];
      const before = db().stats().statements;
      expect(await Counter.delete(counter.id)).toBe(true);
      expect(await LogLine.delete(line.id)).toBe(true);
      expect(await Counter.delete(counter.id)).toBe(false);
      expect(db().stats().statements - before).toBe(3);
    });

    it('keeps who deleted a row for good, when and why, and tells listeners of the row', async () => {
      const { id } = await Counter.save({ name: 'gone', value: 7 });
      const events: WriteEvent[] = [];
      const off = db().on('write', (event) => void events.push(event));
      await withActor({ id: 'ann' }, () => Counter.delete(id, { comment: 'old' })).finally(off);
      expect(events).toMatchObject([
        { action: 'delete', id, version: 2, before: { value: 7, version: 1 }, actor: { id: 'ann' } },
      ]);
      expect(events[0]?.after).toBeUndefined();
      const [last] = await Counter.history(id);
      expect(last).toMatchObject({ value: 7, historyUserId: 'ann', historyComment: 'old' });
      expect(last?.deletedAt).toEqual(last?.historyTimestamp);
    });

    it('deletes for good only the version that the caller has seen, in its tenant', async () => {
      const { id } = await Counter.save({ name: 'seen' });
      await Counter.update(id, { value: 1 });
      await expect(Counter.delete(id, { expectedVersion: 1 })).rejects.toThrow(ConflictError);
      expect(await Counter.delete('nobody', { expectedVersion: 1 })).toBe(false);
      expect(await Counter.delete(id, { expectedVersion: 2 })).toBe(true);
      const note = await withTenant('mine', () => Note.save({ body: 'b' }));
      expect(await withTenant('theirs', () => Note.delete(note.id))).toBe(false);
      expect(await withTenant('mine', () => Note.delete(note.id))).toBe(true);
    });

    it('brings a row back that was deleted for good in a transaction that is undone', async () => {
      const { id } = await Counter.save({ name: 'undone' });
      const undone = dbContext(async () => {
        expect(await Counter.delete(id)).toBe(true);
        throw new Error('no');
      });
      await expect(undone).rejects.toThrow('no');
      expect(await Counter.get(id)).toMatchObject({ version: 1 });
      expect(await Counter.history(id)).toHaveLength(1);
    });

    it('follows references when a row is deleted for good', async () => {
      const { id } = await make();
      const comment = await Comment.save({ productId: id, body: 'x' });
      await expect(Comment.save({ productId: 'missing', body: 'x' })).rejects.toMatchObject({ kind: 'foreign_key' });
      await Product.delete(id);
      expect(await Comment.get(comment.id)).toBeNull();
    });
  });
}
