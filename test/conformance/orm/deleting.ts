import { describe, expect, it } from 'vitest';
import { ConflictError } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Comment, Product } from './entities.js';
import { withDatabase } from './suite.js';

export function describeDeleting(backend: Backend): void {
  describe('deleting', () => {
    withDatabase(backend);
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

    it('follows references when a row is deleted for good', async () => {
      const { id } = await make();
      const comment = await Comment.save({ productId: id, body: 'x' });
      await expect(Comment.save({ productId: 'missing', body: 'x' })).rejects.toMatchObject({ kind: 'foreign_key' });
      await Product.delete(id);
      expect(await Comment.get(comment.id)).toBeNull();
    });
  });
}
