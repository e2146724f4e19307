import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import { ConstraintError, ValidationError, type WriteEvent, withActor, withTenant } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { LogLine, Note, Product } from './entities.js';
import { withDatabase } from './suite.js';

export function describeChangingMany(backend: Backend): void {
  describe('changing many', () => {
    const clock = new FakeClock();
    const db = withDatabase(backend, { clock });
    let next = 0;
    /** Rows of a workspace of their own, priced 0, 1, 2, … */
    async function make(count: number): Promise<{ rows: Product[]; workspaceId: string }> {
      const workspaceId = `w${next++}`;
      const given = Array.from({ length: count }, (_, price) => ({ name: `p${price}`, workspaceId, price }));
      return { rows: await Product.saveMany(given), workspaceId };
    }
    const priced = async (workspaceId: string): Promise<number[]> =>
      (await Product.find({ where: { workspaceId }, orderBy: 'name' })).map(({ price }) => price);

    async function eventsOf(work: () => Promise<unknown>): Promise<WriteEvent[]> {
      const events: WriteEvent[] = [];
      const off = db().on('write', (event) => void events.push(event));
      await work().finally(off);
      return events;
    }

    it('changes every row that meets the condition, with a version of each, and answers how many', async () => {
      const { rows, workspaceId } = await make(5);
      clock.advance(5);
      const count = await withActor({ id: 'ann' }, () =>
        Product.updateMany(
          { workspaceId, price: { gte: 3 } },
          { price: 100, status: 'published' },
          { comment: 'sale' },
        ),
      );
      expect(count).toBe(2);
      expect(await priced(workspaceId)).toEqual([0, 1, 2, 100, 100]);
      const { id } = rows[4] as Product;
      const stored = await Product.getOrThrow(id);
      expect(stored).toMatchObject({ version: 2, updatedBy: 'ann', updatedAt: new Date(clock.now()), createdBy: null });
      expect(await Product.history(id)).toMatchObject([
        { version: 2, price: 100, historyUserId: 'ann', historyComment: 'sale', historyTimestamp: stored.updatedAt },
        { version: 1, price: 4 },
      ]);
      expect(await Product.history((rows[0] as Product).id)).toHaveLength(1);
    });

    it('takes a condition written as text, with its params', async () => {
      const { workspaceId } = await make(4);
      const where = '[workspace_id] = ? AND [price] > ?';
      expect(await Product.updateMany(where, { price: 50 }, { params: [workspaceId, 1] })).toBe(2);
      expect(await priced(workspaceId)).toEqual([0, 1, 50, 50]);
      expect(await Product.softDeleteMany(where, { params: [workspaceId, 10] })).toBe(2);
    });

    it('writes nothing for rows that are so already, whatever the order of json keys', async () => {
      const { rows, workspaceId } = await make(3);
      expect(await Product.updateMany({ workspaceId }, { price: 1 })).toBe(2);
      expect(await Product.updateMany({ workspaceId }, { price: 1 })).toBe(0);
      expect(await Product.updateMany({ workspaceId }, { tags: ['a'] })).toBe(3);
      expect(await Product.updateMany({ workspaceId }, { tags: ['a'], price: 1 })).toBe(0);
      expect(await Product.updateMany({ workspaceId }, { tags: null })).toBe(3);
      expect(await Product.updateMany({ workspaceId }, {})).toBe(0);
      expect((await Product.getOrThrow((rows[1] as Product).id)).version).toBe(3);
    });

    it('tells listeners of each row, before and after, and changes the same as without them', async () => {
      const { rows, workspaceId } = await make(3);
      const events = await eventsOf(() => Product.updateMany({ workspaceId, price: { ne: 1 } }, { price: 9 }));
      expect(events.map(({ action, version, id }) => [action, version, id]).sort()).toEqual(
        [rows[0], rows[2]].map((row) => ['update', 2, row?.id]).sort(),
      );
      expect(events[0]).toMatchObject({ before: { version: 1 }, after: { price: 9, version: 2 } });
      expect(await Product.get(events[1]?.id as string)).toEqual(events[1]?.after);
    });

    it('goes through more rows than are held at a time, and sees each once', async () => {
      const { workspaceId } = await make(2_100);
      let count = 0;
      const events = await eventsOf(async () => {
        count = await Product.updateMany({ workspaceId }, { price: 7 });
      });
      expect(count).toBe(2_099);
      expect(events).toHaveLength(2_099);
      expect(await Product.updateMany({ workspaceId }, { price: 8 }, { comment: 'again' })).toBe(2_100);
      expect(await Product.deleteMany({ workspaceId })).toBe(2_100);
    });

    it('hides, restores and deletes for good what meets the condition, each with its version', async () => {
      const { rows, workspaceId } = await make(3);
      const [{ id }] = rows as [Product];
      expect(await Product.softDeleteMany({ workspaceId, price: { lt: 2 } }, { comment: 'hide' })).toBe(2);
      expect(await Product.softDeleteMany({ workspaceId, price: { lt: 2 } })).toBe(0);
      expect(await Product.updateMany({ workspaceId }, { price: 5 })).toBe(1);
      expect(await Product.get(id)).toBeNull();
      expect(await Product.get(id, { includeDeleted: true })).toMatchObject({
        deletedAt: new Date(clock.now()),
        version: 2,
      });
      expect(await Product.restoreMany({ workspaceId })).toBe(2);
      expect(await Product.restoreMany({ workspaceId })).toBe(0);
      await Product.softDelete(id);
      expect(await Product.deleteMany({ workspaceId })).toBe(2);
      expect(await Product.deleteMany({ workspaceId }, { includeDeleted: true, comment: 'purge' })).toBe(1);
      expect(await Product.history(id)).toMatchObject([
        { version: 5, deletedAt: new Date(clock.now()), historyComment: 'purge' },
        { version: 4, deletedAt: expect.any(Date) },
        { version: 3, deletedAt: null },
        { version: 2, deletedAt: expect.any(Date), historyComment: 'hide' },
        { version: 1 },
      ]);
    });

    it('tells listeners what was hidden, restored and deleted', async () => {
      const { workspaceId } = await make(1);
      const events = await eventsOf(async () => {
        await Product.softDeleteMany({ workspaceId });
        await Product.restoreMany({ workspaceId });
        await Product.deleteMany({ workspaceId });
      });
      expect(events.map(({ action, version }) => [action, version])).toEqual([
        ['delete', 2],
        ['restore', 3],
        ['delete', 4],
      ]);
      expect(events[2]?.after).toBeUndefined();
    });

    it('refuses an empty condition unless every row is meant', async () => {
      const all = [
        ...[{ or: [{}] }, { not: { not: {} } }, { and: [{}, { or: [{}] }] }, { id: { notIn: [] } }],
        ...[{ or: [{ line: 'a' }, {}] }, { not: { id: { in: [] } } }, { not: { or: [] } }],
        { not: { line: 'a', id: { in: [] } } },
      ];
      for (const where of [{}, '', { and: [] }, { not: {} }, undefined as never, ...all]) {
        for (const verb of [
          () => LogLine.updateMany(where, { line: 'x' }),
          () => LogLine.softDeleteMany(where),
          () => LogLine.restoreMany(where),
          () => LogLine.deleteMany(where),
        ])
          await expect(verb(), `${verb} ${JSON.stringify(where)}`).rejects.toThrow(/say \{ all: true \}/);
      }
      await expect(LogLine.deleteMany({ id: undefined as never })).rejects.toThrow(ValidationError);
      await LogLine.saveMany([{ line: 'a' }, { line: 'b' }]);
      expect(await LogLine.updateMany({ or: [] }, { line: 'x' })).toBe(0);
      expect(await LogLine.updateMany({ or: [{ line: 'a' }, { id: { in: [] } }] }, { line: 'b' })).toBe(1);
      expect(await LogLine.updateMany({}, { line: 'x' }, { all: true })).toBe(2);
      expect(await LogLine.deleteMany({}, { all: true })).toBe(2);
      expect(await LogLine.count({ includeDeleted: true })).toBe(0);
    });

    it('refuses what the ORM keeps itself, unknown fields and faulty values', async () => {
      const { workspaceId } = await make(1);
      await expect(Product.updateMany({ workspaceId }, { version: 5 } as never)).rejects.toThrow(/kept by the ORM/);
      await expect(Product.updateMany({ workspaceId }, { pricee: 5 } as never)).rejects.toThrow(/did you mean "price"/);
      await expect(Product.updateMany({ nope: 1 } as never, { price: 5 })).rejects.toThrow(/Unknown field "nope"/);
      await expect(Product.updateMany({ workspaceId }, { price: 'x' } as never)).rejects.toThrow(ValidationError);
    });

    it('changes all or none', async () => {
      const { workspaceId } = await make(3);
      await expect(Product.updateMany({ workspaceId }, { price: -1 })).rejects.toThrow(ConstraintError);
      await expect(Product.updateMany({ workspaceId }, { name: 'same' })).rejects.toMatchObject({ kind: 'unique' });
      expect(await priced(workspaceId)).toEqual([0, 1, 2]);
    });

    it('keeps versions gapless while many change the same rows', async () => {
      const { rows, workspaceId } = await make(10);
      const changed = await Promise.all([
        ...Array.from({ length: 8 }, (_, price) => Product.updateMany({ workspaceId }, { price: 100 + price })),
        ...rows.slice(0, 4).map(({ id }) => Product.update(id, { price: 500 })),
        Product.saveMany(rows.map(({ id }) => ({ id, price: 600 })).reverse()),
      ]);
      expect(changed.slice(0, 8).every((count) => Number(count) <= 10)).toBe(true);
      for (const { id } of rows) {
        const versions = (await Product.history(id)).map(({ version }) => version);
        expect(versions).toEqual(Array.from(versions, (_, at) => versions.length - at));
        expect((await Product.getOrThrow(id)).version).toBe(versions[0]);
      }
    });

    it('never lets versions go back in time, also when the clock does', async () => {
      const { rows, workspaceId } = await make(1);
      clock.advance(-60_000);
      await Product.updateMany({ workspaceId }, { price: 5 });
      await Product.softDeleteMany({ workspaceId });
      await Product.deleteMany({ workspaceId }, { includeDeleted: true });
      const times = (await Product.history((rows[0] as Product).id)).map(({ historyTimestamp }) =>
        Number(historyTimestamp),
      );
      expect(times).toEqual([...times].sort((a, b) => b - a));
      clock.advance(60_000);
    });

    it('stays inside the tenant', async () => {
      await withTenant('mine', () => Note.saveMany([{ body: 'a' }, { body: 'b' }]));
      await withTenant('theirs', async () => {
        await Note.save({ body: 'c' });
        expect(await Note.updateMany('1 = 1 OR 1 = 1', { body: 'x' })).toBe(1);
        expect(await Note.softDeleteMany({}, { all: true })).toBe(1);
        expect(await Note.restoreMany({}, { all: true })).toBe(1);
        expect(await Note.deleteMany({}, { all: true })).toBe(1);
        await expect(Note.updateMany({ body: 'a' }, { workspaceId: 'mine' })).rejects.toMatchObject({
          code: 'E_TENANT',
        });
      });
      await expect(Note.updateMany({ body: 'a' }, { body: 'x' })).rejects.toMatchObject({ code: 'E_TENANT' });
      await expect(Note.deleteMany({ body: 'a' })).rejects.toMatchObject({ code: 'E_TENANT' });
      expect((await withTenant('mine', () => Note.find({ orderBy: 'body' }))).map(({ body }) => body)).toEqual([
        'a',
        'b',
      ]);
    });

    it('works by table name under the same rules', async () => {
      const { workspaceId } = await make(2);
      expect(await db().updateEntities('products', { workspaceId }, { price: 3 })).toBe(2);
      expect(await db().softDeleteEntities('products', { workspaceId })).toBe(2);
      expect(await db().restoreEntities('products', 'workspace_id = ?', { params: [workspaceId] })).toBe(2);
      expect(await db().deleteEntities('products', { workspaceId })).toBe(2);
      await expect(db().deleteEntities('products', {})).rejects.toThrow(/all: true/);
    });
  });
}
