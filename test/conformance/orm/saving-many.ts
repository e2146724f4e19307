import { describe, expect, it } from 'vitest';
import {
  ConflictError,
  ConstraintError,
  dbContext,
  ValidationError,
  type WriteEvent,
  withActor,
  withTenant,
} from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { LogLine, Note, Product, Sample } from './entities.js';
import { withDatabase } from './suite.js';

export function describeSavingMany(backend: Backend): void {
  describe('saving many', () => {
    const db = withDatabase(backend);
    let next = 0;
    const fresh = (count: number): Array<{ name: string; workspaceId: string; price: number }> =>
      Array.from({ length: count }, (_, price) => ({ name: `many ${next++}`, workspaceId: 'w', price }));

    async function eventsOf(work: () => Promise<unknown>): Promise<WriteEvent[]> {
      const events: WriteEvent[] = [];
      const off = db().on('write', (event) => void events.push(event));
      await work().finally(off);
      return events;
    }

    it('inserts rows with ids, defaults, system fields and their first version, in the order given', async () => {
      const given = fresh(1234);
      const saved = await withActor({ id: 'ann' }, () => Product.saveMany(given, { comment: 'import' }));
      expect(saved.map(({ name }) => name)).toEqual(given.map(({ name }) => name));
      const [first, last] = [saved[0], saved.at(-1)] as [Product, Product];
      expect(first).toBeInstanceOf(Product);
      expect(first).toMatchObject({ status: 'draft', version: 1, createdBy: 'ann', deletedAt: null, tags: null });
      for (const row of [first, last]) expect(await Product.get(row.id)).toEqual(row);
      expect(await Product.history(last.id)).toMatchObject([
        { version: 1, price: 1233, historyUserId: 'ann', historyComment: 'import', historyTimestamp: last.updatedAt },
      ]);
      expect(new Set(saved.map(({ id }) => id)).size).toBe(1234);
      expect([...saved].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(saved);
    });

    it('refuses the last of many rows as it would the first, and names all that does not fit', async () => {
      const given = [...fresh(1234), { name: 5, workspaceId: 'w', price: 'cheap' } as never];
      await expect(Product.saveMany(given)).rejects.toMatchObject({
        issues: [{ loc: [1234, 'name'] }, { loc: [1234, 'price'] }],
      });
    });

    it('carries every type and every hostile value as a single save does', async () => {
      const hostile = [
        {
          string: 'a"b\\c',
          text: '{1,"2",NULL}',
          json: { a: ['"', '\\', 'NULL', null, 1.5] },
          blob: Buffer.from([0, 92, 34, 255]),
        },
        { string: 'NULL', text: '', json: 'NULL', blob: Buffer.alloc(0), date: '0000-03-01' },
        {
          string: ' é😀 ',
          text: "'; DROP TABLE samples; --",
          json: null,
          decimal: '-0.50',
          longDecimal: '12345678901234567890.0123456789',
        },
        {
          integer: -(2 ** 53 - 1),
          bigint: 2n ** 63n - 1n,
          number: 1e-300,
          boolean: false,
          datetime: new Date('1999-12-31T23:59:59.999Z'),
        },
        {
          integer: 0,
          bigint: -(2n ** 63n),
          number: -5.5,
          boolean: true,
          datetime: new Date(0),
          uuid: '00000000-0000-0000-0000-000000000001',
        },
        {},
      ];
      const many = await Sample.saveMany(hostile);
      for (const [at, row] of many.entries()) {
        const one = await Sample.save(hostile[at] as object);
        const [fromMany, fromOne] = [await Sample.getOrThrow(row.id), await Sample.getOrThrow(one.id)];
        const own = ({ id: _id, createdAt: _created, updatedAt: _updated, ...values }: Sample): object => values;
        expect(own(fromMany)).toEqual(own(fromOne));
        expect(fromMany).toEqual(row);
        expect(await Sample.getVersion(row.id, 1)).toMatchObject(own(fromOne));
      }
      const changed = await Sample.saveMany(many.map(({ id }, at) => ({ ...hostile[(at + 1) % 6], id })));
      for (const row of changed) expect(await Sample.get(row.id)).toEqual(row);
    });

    it('merges into the rows that exist, inserts the others, and leaves alone what does not change', async () => {
      const [a, b, c] = (await Product.saveMany(fresh(3))) as [Product, Product, Product];
      await Product.softDelete(c.id);
      const events = await eventsOf(async () => {
        const saved = await Product.saveMany(
          [
            { id: b.id, price: 50 },
            { id: a.id, price: a.price },
            { id: 'given-1', ...fresh(1)[0] },
            { ...fresh(1)[0], tags: ['new'] },
            { id: c.id, tags: ['back'] },
          ],
          { comment: 'sync' },
        );
        expect(saved.map(({ version }) => version)).toEqual([2, 1, 1, 1, 3]);
        for (const row of saved) expect(await Product.get(row.id)).toEqual(row);
        expect(saved[4]).toMatchObject({ tags: ['back'], deletedAt: null, name: c.name });
      });
      expect(await Product.history(b.id)).toMatchObject([
        { version: 2, price: 50, historyComment: 'sync' },
        { version: 1 },
      ]);
      expect(await Product.history(a.id)).toHaveLength(1);
      expect(events.map(({ action, version }) => [action, version]).sort()).toEqual([
        ['create', 1],
        ['create', 1],
        ['restore', 3],
        ['update', 2],
      ]);
    });

    it('goes on with the versions of ids that were used before', async () => {
      const [row] = (await Product.saveMany(fresh(1))) as [Product];
      await Product.delete(row.id);
      const saved = await Product.saveMany([
        { id: row.id, ...fresh(1)[0] },
        { id: 'given-2', ...fresh(1)[0] },
      ]);
      expect(saved.map(({ version }) => version)).toEqual([3, 1]);
      expect((await Product.history(row.id)).map(({ version }) => version)).toEqual([3, 2, 1]);
    });

    it('treats an id that comes twice as two saves', async () => {
      const [row] = (await Product.saveMany(fresh(1))) as [Product];
      const saved = await Product.saveMany([
        { id: row.id, price: 10 },
        { id: 'given-3', ...fresh(1)[0], price: 1 },
        { id: row.id, tags: ['x'] },
        { id: 'given-3', price: 2 },
      ]);
      expect(saved.map(({ version, price }) => [version, price])).toEqual([
        [2, 10],
        [1, 1],
        [3, 10],
        [2, 2],
      ]);
      expect(await Product.history('given-3')).toMatchObject([{ price: 2 }, { price: 1 }]);
    });

    it('takes the order of rows that only work one after another', async () => {
      const [row] = (await Product.saveMany(fresh(1))) as [Product];
      const saved = await Product.saveMany([
        { id: row.id, name: `${row.name} moved` },
        { name: row.name, workspaceId: 'w' },
      ]);
      expect(saved[1]).toMatchObject({ name: row.name, version: 1 });
    });

    it('updates or inserts by matchBy, also where a match comes twice', async () => {
      const [a, b] = fresh(2) as [object, object];
      await Product.save(a);
      const saved = await Product.saveMany(
        [
          { ...a, price: 7 },
          { ...b, price: 8 },
          { ...a, price: 9 },
        ],
        {
          matchBy: ['workspaceId', 'name'],
        },
      );
      expect(saved.map(({ version, price }) => [version, price])).toEqual([
        [2, 7],
        [1, 8],
        [3, 9],
      ]);
      expect(saved[0]?.id).toBe(saved[2]?.id);
    });

    it('saves all or none, and names the rows and fields at fault before it writes', async () => {
      const good = fresh(3);
      await expect(Product.saveMany([...good, { ...good[0] }])).rejects.toMatchObject({ kind: 'unique' });
      const [stored] = (await Product.saveMany(fresh(1))) as [Product];
      await expect(Product.saveMany([...good, { id: stored.id, price: -1 }])).rejects.toThrow(ConstraintError);
      const fault = await Product.saveMany([...good, { name: 5 }, { pricee: 1 }] as never).catch(
        (error: unknown) => error,
      );
      expect(fault).toBeInstanceOf(ValidationError);
      expect((fault as ValidationError).issues.map(({ loc }) => loc)).toEqual([
        [3, 'name'],
        [4, 'pricee'],
      ]);
      expect((fault as ValidationError).message).toMatch(
        /row 4: Unknown field "pricee" on Product; did you mean "price"/,
      );
      expect(await Product.count({ where: { name: { in: good.map(({ name }) => name) } } })).toBe(0);
      expect(await Product.get(stored.id)).toEqual(stored);
    });

    it('refuses to bring back what was deleted after it was loaded', async () => {
      const [row] = (await Product.saveMany(fresh(1))) as [Product];
      await Product.softDelete(row.id);
      await expect(Product.saveMany([{ ...row, price: 5 }])).rejects.toThrow(ConflictError);
    });

    it('keeps versions gapless while others save the same rows, in any order', async () => {
      const rows = await Product.saveMany(fresh(20));
      await Promise.all(
        Array.from({ length: 10 }, (_, price) => {
          const changes = rows.map(({ id }) => ({ id, price: 100 + price }));
          return Product.saveMany(price % 2 ? changes : changes.reverse());
        }),
      );
      for (const { id } of rows) {
        const versions = (await Product.history(id)).map(({ version }) => version);
        expect(versions).toEqual(Array.from(versions, (_, at) => versions.length - at));
        expect((await Product.getOrThrow(id)).version).toBe(versions[0]);
      }
    });

    it('makes one row of each id that many insert at once', async () => {
      const rows = fresh(5).map((row, at) => ({ ...row, id: `raced-${at}` }));
      await Promise.all(
        Array.from({ length: 10 }, (_, price) => Product.saveMany(rows.map((row) => ({ ...row, price })))),
      );
      for (const { id } of rows) expect((await Product.history(id)).at(-1)).toMatchObject({ version: 1 });
    });

    it('stays inside the tenant', async () => {
      const mine = await withTenant('mine', () => Note.saveMany([{ body: 'a' }, { body: 'b' }]));
      expect(mine.map(({ workspaceId }) => workspaceId)).toEqual(['mine', 'mine']);
      await withTenant('theirs', async () => {
        const steal = mine.map(({ id }) => ({ id, body: 'stolen' }));
        await expect(Note.saveMany(steal)).rejects.toMatchObject({ kind: 'unique' });
        await expect(Note.saveMany([{ body: 'x', workspaceId: 'mine' }])).rejects.toMatchObject({ code: 'E_TENANT' });
      });
      expect(await withTenant('mine', () => Note.find({ where: { body: 'stolen' } }))).toEqual([]);
    });

    it('joins a transaction, and a fault undoes its part alone', async () => {
      const [kept, undone] = [fresh(2), fresh(2)];
      await dbContext(async () => {
        await Product.saveMany(kept);
        await expect(Product.saveMany([...undone, kept[0] as object])).rejects.toThrow(ConstraintError);
      });
      expect(await Product.count({ where: { name: { in: kept.map(({ name }) => name) } } })).toBe(2);
      expect(await Product.count({ where: { name: { in: undone.map(({ name }) => name) } } })).toBe(0);
    });

    it('tells listeners of every row', async () => {
      const events = await eventsOf(() => Product.saveMany(fresh(3)));
      expect(events.map(({ action, version }) => [action, version])).toEqual(Array(3).fill(['create', 1]));
    });

    it('sends rows in parts that servers take, however large they are', async () => {
      const rows = Array.from({ length: 260 }, (_, row) => ({
        body: String(row % 10).repeat(90_000),
        workspaceId: 'large',
      }));
      await withTenant('large', async () => {
        const saved = await Note.saveMany(rows);
        expect(await Note.count()).toBe(260);
        await Note.saveMany(
          saved.map(({ id, body }) => ({ id, body: `${body}é` })),
          { comment: 'longer' },
        );
        expect(await Note.count({ where: { version: 2, body: { like: '%00é' } } })).toBe(26);
      });
    }, 60_000);

    it('keeps no history where the entity opts out', async () => {
      const lines = await LogLine.saveMany(Array.from({ length: 70 }, (_, at) => ({ line: `${at}` })));
      await LogLine.saveMany(lines.map(({ id }) => ({ id, line: 'changed' })));
      expect(await LogLine.count({ where: { line: 'changed' } })).toBe(70);
      expect(await LogLine.get(lines[69]?.id as string)).toMatchObject({ line: 'changed', version: 2 });
    });
  });
}
