import { describe, expect, it } from 'vitest';
import { ConflictError, ConstraintError, ValidationError, withActor } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Counter, LogLine, Product } from './entities.js';
import { withDatabase } from './suite.js';

export function describeSaving(backend: Backend): void {
  describe('saving', () => {
    const db = withDatabase(backend);
    let next = 0;
    const fresh = (): { name: string; workspaceId: string } => ({ name: `saving ${next++}`, workspaceId: 'w' });

    it('inserts with a UUIDv7, defaults and system fields, and answers an instance of what is stored', async () => {
      const saved = await Product.save({ ...fresh(), tags: ['a'] });
      expect(saved).toBeInstanceOf(Product);
      expect(saved.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
      expect(saved).toMatchObject({
        price: 0,
        status: 'draft',
        version: 1,
        deletedAt: null,
        createdBy: null,
        tags: ['a'],
      });
      expect(saved.createdAt).toBeInstanceOf(Date);
      expect(await Product.get(saved.id)).toEqual(saved);
    });

    it('merges over the stored row and raises the version by one', async () => {
      const first = await Product.save({ ...fresh(), price: 5, tags: ['a'] });
      const second = await Product.save({ id: first.id, price: 6 });
      expect(second).toMatchObject({ name: first.name, price: 6, tags: ['a'], version: 2 });
      expect(second.createdAt).toEqual(first.createdAt);
      expect(await Product.get(first.id)).toEqual(second);
    });

    it('inserts under an id of the caller that is not known yet', async () => {
      const saved = await Product.save({ id: 'abc-123', ...fresh() });
      expect(saved).toMatchObject({ id: 'abc-123', version: 1 });
    });

    it('saves a loaded instance that was changed', async () => {
      const loaded = await Product.save(fresh());
      loaded.price = 42;
      expect(await Product.save(loaded)).toMatchObject({ price: 42, version: 2 });
    });

    it('writes nothing when nothing changes, whatever the order of json keys', async () => {
      const saved = await Product.save({ ...fresh(), price: 3, tags: ['x'] });
      expect(await Product.save({ id: saved.id, price: 3, tags: ['x'] })).toEqual(saved);
      expect(await Product.update(saved.id, { price: 3 })).toEqual(saved);
      expect(await Product.history(saved.id)).toHaveLength(1);
    });

    it('clears a field with null and leaves one that is undefined', async () => {
      const saved = await Product.save({ ...fresh(), tags: ['x'], price: 9 });
      expect(await Product.save({ id: saved.id, tags: null, price: undefined })).toMatchObject({
        tags: null,
        price: 9,
      });
    });

    it('updates by id and answers null for an id that does not exist', async () => {
      const saved = await Product.save(fresh());
      expect(await Product.update(saved.id, { status: 'published' })).toMatchObject({
        status: 'published',
        version: 2,
      });
      expect(await Product.update('missing', { price: 1 })).toBeNull();
    });

    it('names every unknown field and every faulty value at once, and the field that was meant', async () => {
      await expect(Product.save({ pricee: 1 } as never)).rejects.toThrow(
        'Unknown field "pricee" on Product; did you mean "price"?',
      );
      const fault = await Product.save({ name: 5, price: 'x' } as never).catch((error: unknown) => error);
      expect(fault).toBeInstanceOf(ValidationError);
      expect((fault as ValidationError).issues.map((issue) => issue.loc[0])).toEqual(['name', 'price']);
    });

    it('refuses to update what the ORM keeps itself', async () => {
      const saved = await Product.save(fresh());
      await expect(Product.update(saved.id, { version: 9 } as never)).rejects.toThrow(/version.*kept by the ORM/);
      await expect(Product.update(saved.id, { deletedAt: null } as never)).rejects.toThrow(ValidationError);
    });

    it('refuses an id that is missing instead of touching any row', async () => {
      await expect(Product.update(undefined as never, { price: 1 })).rejects.toThrow(ValidationError);
      await expect(Product.get('' as never)).rejects.toThrow(ValidationError);
      await expect(Product.delete(null as never)).rejects.toThrow(ValidationError);
    });

    it('refuses what is no object of fields, no list of rows and no user, and a match by what the ORM keeps', async () => {
      const { id } = await Product.save(fresh());
      for (const data of [null, undefined, 'x', ['x'], 5] as never[]) {
        await expect(Product.save(data), String(data)).rejects.toThrow(ValidationError);
        await expect(Product.update(id, data), String(data)).rejects.toThrow(ValidationError);
        await expect(Product.updateMany({ id }, data), String(data)).rejects.toThrow(ValidationError);
        await expect(Product.saveMany([data]), String(data)).rejects.toThrow(ValidationError);
      }
      for (const rows of [null, undefined, {}, 'x'] as never[])
        await expect(Product.saveMany(rows), String(rows)).rejects.toThrow('Product.saveMany takes a list of rows');
      for (const user of ['x'.repeat(256), 'a\0b', 5 as never])
        await expect(withActor({ id: user }, () => Product.update(id, { price: 2 }))).rejects.toMatchObject({
          issues: [{ loc: ['actor', 'id'] }],
        });
      await withActor({ id: 'x'.repeat(255) }, () => Product.update(id, { price: 2 }));
      await expect(Product.save({ ...fresh(), id }, { matchBy: 'id' })).rejects.toThrow(/finds its row by that/);
    });

    it('refuses own __proto__ keys and leaves Object.prototype clean', async () => {
      await expect(Product.save(JSON.parse('{"__proto__":{"polluted":1}}') as never)).rejects.toThrow(/Unknown field/);
      expect(({} as { polluted?: number }).polluted).toBeUndefined();
    });

    it('refuses a version that was overtaken', async () => {
      const saved = await Product.save(fresh());
      await Product.update(saved.id, { price: 1 }, { expectedVersion: 1 });
      await expect(Product.update(saved.id, { price: 2 }, { expectedVersion: 1 })).rejects.toThrow(ConflictError);
      await expect(Product.save({ id: saved.id, price: 2 }, { expectedVersion: 1 })).rejects.toThrow(ConflictError);
      await expect(Product.save({ ...fresh() }, { expectedVersion: 1 })).rejects.toThrow(ConflictError);
    });

    it('updates the row that matchBy finds and creates one otherwise', async () => {
      const key = fresh();
      const first = await Product.save({ ...key, price: 1 }, { matchBy: ['workspaceId', 'name'] });
      const second = await Product.save({ ...key, price: 2 }, { matchBy: ['workspaceId', 'name'] });
      expect(second).toMatchObject({ id: first.id, price: 2, version: 2 });
    });

    it('does not match soft-deleted rows, and makes a new one beside them', async () => {
      const key = fresh();
      const first = await Product.save({ ...key }, { matchBy: ['workspaceId', 'name'] });
      await Product.softDelete(first.id);
      const second = await Product.save({ ...key }, { matchBy: ['workspaceId', 'name'] });
      expect(second.id).not.toBe(first.id);
    });

    it('row 18: makes one row for 100 parallel matchBy saves, without any unique key', async () => {
      await Promise.all(
        Array.from({ length: 100 }, (_, value) => Counter.save({ name: 'parallel', value }, { matchBy: 'name' })),
      );
      expect(await Counter.count({ where: { name: 'parallel' } })).toBe(1);
    });

    it('wants a value for every field of matchBy', async () => {
      await expect(Counter.save({ value: 1 }, { matchBy: 'name' })).rejects.toThrow(/name.*matchBy/);
      await expect(Counter.save({ value: 1 }, { matchBy: [] })).rejects.toThrow(/matchBy is empty/);
    });

    it('saves many rows or none', async () => {
      const key = fresh();
      const rows = await Product.saveMany([{ ...fresh() }, { ...fresh(), price: 7 }]);
      expect(rows.map((row) => row.price)).toEqual([0, 7]);
      await expect(Product.saveMany([{ ...key }, { ...key }])).rejects.toThrow(ConstraintError);
      expect(await Product.count({ where: { name: key.name } })).toBe(0);
      expect(await Product.saveMany([])).toEqual([]);
    });

    it('records who acts', async () => {
      const saved = await withActor({ id: 'ann' }, () => Product.save(fresh()));
      expect(saved).toMatchObject({ createdBy: 'ann', updatedBy: 'ann' });
      const changed = await withActor({ id: 'ben' }, () => Product.update(saved.id, { price: 1 }));
      expect(changed).toMatchObject({ createdBy: 'ann', updatedBy: 'ben' });
    });

    it('works by table name under the same rules', async () => {
      const saved = await db().saveEntity('products', fresh());
      expect(saved).toBeInstanceOf(Product);
      expect(await db().findEntity('products', saved.id as string)).toEqual(saved);
      expect(await db().updateEntity('products', saved.id as string, { price: 3 })).toMatchObject({ price: 3 });
      expect(await db().entityHistory('products', saved.id as string)).toHaveLength(2);
      expect(await db().softDeleteEntity('products', saved.id as string)).toBe(true);
      expect(await db().restoreEntity('products', saved.id as string)).toBe(true);
      expect(await db().deleteEntity('products', saved.id as string)).toBe(true);
      await expect(db().findEntity('product', 'x')).rejects.toThrow('did you mean "products"?');
      await expect(db().saveEntity('products', { nme: 1 })).rejects.toThrow('did you mean "name"?');
    });

    it('keeps no history where the entity opts out', async () => {
      const saved = await LogLine.save({ line: 'a' });
      expect(await LogLine.update(saved.id, { line: 'b' })).toMatchObject({ version: 2 });
      await expect(LogLine.history(saved.id)).rejects.toThrow(/keeps no history/);
    });
  });
}
