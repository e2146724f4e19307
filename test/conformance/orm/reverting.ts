import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import {
  ConflictError,
  Entity,
  Field,
  Model,
  NotFoundError,
  ValidationError,
  type WriteEvent,
  withActor,
  withTenant,
} from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Note, Product } from './entities.js';
import { withDatabase } from './suite.js';

/** One table as its class changes. */
function articles() {
  @Entity({ table: 'articles' })
  class First extends Model {
    @Field({ type: 'string' }) title?: string;
    @Field({ type: 'string' }) lead?: string;
  }
  @Entity({ table: 'articles' })
  class Second extends Model {
    @Field({ type: 'string' }) title?: string;
    @Field({ type: 'string', nullable: false, default: 'en' }) language!: string;
    @Field({ type: 'string' }) slug?: string;
  }
  @Entity({ table: 'articles' })
  class Third extends Model {
    @Field({ type: 'string' }) title?: string;
    @Field({ type: 'string', nullable: false }) slug!: string;
  }
  return { First, Second, Third };
}

export function describeReverting(backend: Backend): void {
  describe('reverting', () => {
    const clock = new FakeClock();
    const db = withDatabase(backend, { clock });
    let next = 0;
    const make = (price: number): Promise<Product> =>
      Product.save({ name: `revert ${next++}`, workspaceId: 'w', price });

    it('writes the values of an old version as a new one', async () => {
      const { id, createdAt } = await make(1);
      await Product.update(id, { price: 2, tags: ['x'] });
      clock.advance(10);
      const reverted = await withActor({ id: 'ann' }, () => Product.revertTo(id, 1));
      expect(reverted).toMatchObject({ price: 1, tags: null, version: 3, updatedBy: 'ann', createdAt });
      expect(await Product.get(id)).toEqual(reverted);
      const [newest] = await Product.history(id);
      expect(newest).toMatchObject({
        version: 3,
        price: 1,
        historyUserId: 'ann',
        historyComment: 'revert to version 1',
      });
      expect(await Product.diff(id, 1, 3)).toEqual({});
    });

    it('writes nothing when the row has those values already', async () => {
      const { id } = await make(1);
      expect(await Product.revertTo(id, 1)).toMatchObject({ version: 1 });
      expect(await Product.history(id)).toHaveLength(1);
    });

    it('brings a deleted row back, and hides it again where the version was hidden', async () => {
      const { id, createdAt } = await make(1);
      await Product.softDelete(id);
      expect(await Product.revertTo(id, 1)).toMatchObject({ deletedAt: null, version: 3 });
      expect(await Product.revertTo(id, 2)).toMatchObject({ deletedAt: expect.any(Date), version: 4 });
      expect(await Product.get(id)).toBeNull();
      await Product.delete(id);
      expect(await Product.revertTo(id, 1, { comment: 'back' })).toMatchObject({ price: 1, version: 6, createdAt });
      expect(await Product.get(id)).toMatchObject({ version: 6 });
      expect((await Product.history(id)).map(({ version }) => version)).toEqual([6, 5, 4, 3, 2, 1]);
    });

    it('tells listeners what it did', async () => {
      const { id } = await make(1);
      await Product.update(id, { price: 2 });
      const events: WriteEvent[] = [];
      const off = db().on('write', (event) => void events.push(event));
      await Product.revertTo(id, 1);
      await Product.softDelete(id);
      await Product.revertTo(id, 1);
      await Product.delete(id);
      await Product.revertTo(id, 1);
      off();
      expect(events.map(({ action, version }) => [action, version])).toEqual([
        ['update', 3],
        ['delete', 4],
        ['restore', 5],
        ['delete', 6],
        ['create', 7],
      ]);
    });

    it('refuses versions that are not there, that are the end of the row, or that someone overtook', async () => {
      const { id } = await make(1);
      await expect(Product.revertTo(id, 5)).rejects.toThrow(NotFoundError);
      await expect(Product.revertTo('missing', 1)).rejects.toThrow(NotFoundError);
      await expect(Product.revertTo(id, 0)).rejects.toThrow(ValidationError);
      await Product.update(id, { price: 2 });
      await expect(Product.revertTo(id, 1, { expectedVersion: 1 })).rejects.toThrow(ConflictError);
      await Product.delete(id);
      await expect(Product.revertTo(id, 3)).rejects.toThrow(/deletion.*revert to version 2/);
      await expect(Product.revertTo(id, 1, { expectedVersion: 2 })).rejects.toThrow(ConflictError);
    });

    it('stays inside the tenant', async () => {
      const { id } = await withTenant('mine', () => Note.save({ body: 'a' }));
      await withTenant('mine', () => Note.update(id, { body: 'b' }));
      await expect(withTenant('theirs', () => Note.revertTo(id, 1))).rejects.toThrow(NotFoundError);
      expect(await withTenant('mine', () => Note.revertTo(id, 1))).toMatchObject({ body: 'a', version: 3 });
    });

    it('makes one row of many reverts of a row that is gone', async () => {
      const { id } = await make(1);
      await Product.delete(id);
      await Promise.all(Array.from({ length: 10 }, () => Product.revertTo(id, 1)));
      expect((await Product.history(id)).map(({ version }) => version)).toEqual([3, 2, 1]);
    });

    it('works by table name', async () => {
      const { id } = await make(1);
      await Product.update(id, { price: 2 });
      expect(await db().entityVersion('products', id, 1)).toMatchObject({ price: 1 });
      expect(await db().revertEntityTo('products', id, 1)).toMatchObject({ price: 1, version: 3 });
      expect(await db().entityHistory('products', id, { limit: 1, before: 3 })).toMatchObject([{ version: 2 }]);
    });
  });

  const { reconnect } = backend;
  if (!reconnect) return;
  describe('reverting past a change of the class', () => {
    it('leaves out fields that are gone, gives new required ones their default, and names those without one', async () => {
      const { First, Second, Third } = articles();
      const first = await backend.connect({ entities: [First] });
      await first.migrate();
      const { id } = await First.save({ title: 'old', lead: 'gone' }, { db: first });
      const second = await reconnect(first, { entities: [Second] });
      await second.migrate();
      await Second.update(id, { title: 'new', language: 'de', slug: 'new' }, { db: second });
      expect(await Second.revertTo(id, 1, { db: second })).toMatchObject({ title: 'old', language: 'en', slug: null });
      await Second.update(id, { slug: 'needed' }, { db: second });
      const third = await reconnect(first, { entities: [Third] });
      await third.migrate();
      await expect(Third.revertTo(id, 1, { db: third })).rejects.toThrow(/Version 1 of Third has no slug/);
      expect(await Third.get(id, { db: third })).toMatchObject({ slug: 'needed' });
      for (const db of [third, second, first]) await db.close();
      await backend.cleanUp();
    });
  });
}
