import { beforeAll, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import { type OrderBy, type Page, type PageOptions, ValidationError, withTenant } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Counter, Note, Product, Sample } from './entities.js';
import { withDatabase } from './suite.js';

const ROWS = 23;

/** Every column has ties, NULLs and values whose order is easily got wrong. */
const sample = (n: number): Partial<Sample> => ({
  text: n % 4 === 0 ? null : ['a', 'A', 'é', 'a '][n % 3],
  integer: n % 5 === 0 ? null : (n % 3) - 1,
  bigint: n % 6 === 0 ? null : 2n ** 60n + BigInt(n % 4),
  number: n % 7 === 0 ? null : (n % 4) / 3,
  decimal: n % 5 === 1 ? null : ['-10.5', '-9', '2', '10'][n % 4],
  longDecimal: n % 5 === 2 ? null : ['-10.5', '-9', '2', '10'][n % 4],
  boolean: n % 3 === 0 ? null : n % 2 === 0,
  datetime: n % 4 === 1 ? null : new Date(Date.UTC(1999, 11, 31, 23, 59, 59, n % 3)),
  date: n % 4 === 2 ? null : ['2026-01-02', '0000-02-28'][n % 2],
  uuid: n % 4 === 3 ? null : `00000000-0000-7000-8000-00000000000${n % 3}`,
  blob: n % 4 === 0 ? null : Buffer.from([n % 3, 255]),
});

const ORDERS: ReadonlyArray<OrderBy<Sample>> = [
  {},
  'id desc',
  ...(
    [
      'text',
      'integer',
      'bigint',
      'number',
      'decimal',
      'longDecimal',
      'boolean',
      'datetime',
      'date',
      'uuid',
      'blob',
    ] as const
  ).flatMap((name) => [`${name} asc`, `${name} desc`]),
  { integer: 'asc', text: 'desc' },
  { integer: 'desc', text: 'asc', number: 'desc' },
  { boolean: 'desc', id: 'asc' },
  { createdAt: 'asc' },
];

export function describePaging(backend: Backend): void {
  describe('pages', () => {
    withDatabase(backend, { clock: new FakeClock() });
    beforeAll(async () => {
      await Sample.saveMany(Array.from({ length: ROWS }, (_, n) => sample(n)));
    });

    /** The ids of every page from the first to the last, or back. */
    async function walk(options: PageOptions<Sample>, back = false): Promise<string[][]> {
      const pages: string[][] = [];
      let page = await Sample.findPage(options);
      for (;;) {
        pages.push(page.items.map((row) => row.id));
        const cursor = back ? page.previousCursor : page.nextCursor;
        if (cursor === null) return pages;
        page = await Sample.findPage({
          ...options,
          after: undefined,
          ...(back ? { before: cursor } : { after: cursor }),
        });
      }
    }

    it('hold every row once, in order, forwards and backwards, whatever is tied or NULL', async () => {
      for (const orderBy of ORDERS) {
        const label = JSON.stringify(orderBy);
        const whole = await Sample.findPage({ orderBy, limit: ROWS });
        expect(whole, label).toMatchObject({ hasMore: false, nextCursor: null, previousCursor: null });
        const ids = whole.items.map((row) => row.id);
        expect(new Set(ids).size, label).toBe(ROWS);
        const plain = await Sample.find({ orderBy });
        const key = Object.keys(typeof orderBy === 'string' ? { [orderBy.split(' ')[0] ?? '']: 1 } : orderBy);
        const keys = (row: object) => key.map((name) => (row as Record<string, unknown>)[name]);
        if (key.length > 0) expect(whole.items.map(keys), label).toEqual(plain.map(keys));

        for (const limit of [2, ROWS - 1]) {
          const pages = await walk({ orderBy, limit });
          expect(pages.flat(), `${label} by ${limit}`).toEqual(ids);
          expect(pages).toHaveLength(Math.ceil(ROWS / limit));
        }
      }
    });

    it('lead back the way they came', async () => {
      for (const orderBy of ORDERS) {
        const [first, second] = await walk({ orderBy, limit: 5 });
        const one = await Sample.findPage({ orderBy, limit: 5 });
        const two = await Sample.findPage({ orderBy, limit: 5, after: one.nextCursor as string });
        expect(two.items.map((row) => row.id)).toEqual(second);
        const back = await Sample.findPage({ orderBy, limit: 5, before: two.previousCursor as string });
        expect(back.items.map((row) => row.id)).toEqual(first);
        expect(back).toMatchObject({ hasMore: true, nextCursor: one.nextCursor, previousCursor: null });
      }
    });

    it('leave out no row and show none twice while rows come and go', async () => {
      const rows = await Counter.saveMany([1, 2, 2, 3, 4, 5].map((value) => ({ name: 'kept', value })));
      const first = await Counter.findPage({ orderBy: 'value', limit: 3 });
      await Counter.delete(first.items[2]?.id as string);
      await Counter.saveMany([
        { name: 'early', value: 0 },
        { name: 'late', value: 3 },
      ]);
      const second = await Counter.findPage({ orderBy: 'value', after: first.nextCursor as string });
      expect(second.items.map((row) => `${row.name} ${row.value}`).sort()).toEqual([
        'kept 3',
        'kept 4',
        'kept 5',
        'late 3',
      ]);
      expect(rows).toHaveLength(6);
    });

    it('keep to the filter, the tenant and what is not deleted', async () => {
      const makeNotes = (workspaceId: string) => () =>
        Note.saveMany(Array.from({ length: 5 }, (_, n) => ({ workspaceId, body: `${workspaceId} ${n}` })));
      await withTenant('p1', makeNotes('p1'));
      const [gone] = await withTenant('p2', makeNotes('p2'));
      await withTenant('p2', () => Note.softDelete(gone?.id as string));
      const page = (after?: string): Promise<Page<Note>> =>
        withTenant('p2', () => Note.findPage({ where: { body: { ne: 'p2 3' } }, limit: 2, orderBy: 'body', after }));
      const first = await page();
      const second = await page(first.nextCursor as string);
      expect([...first.items, ...second.items].map((row) => row.body)).toEqual(['p2 1', 'p2 2', 'p2 4']);
      const inP1 = await withTenant('p1', () => Note.findPage({ orderBy: 'body', after: first.nextCursor as string }));
      expect(inP1.items).toEqual([]);
    });

    it('have only the selected fields, ordered by others', async () => {
      const { items, nextCursor } = await Sample.findPage({ select: ['text'], orderBy: 'integer desc', limit: 2 });
      expect(items.map((row) => Object.keys(row))).toEqual([['text'], ['text']]);
      const rest = await Sample.findPage({ select: ['text'], orderBy: 'integer desc', after: nextCursor as string });
      expect(rest.items).toHaveLength(ROWS - 2);
    });

    it('show the past', async () => {
      const now = new Date(Date.now() + 86_400_000);
      const first = await Sample.asOf(now).findPage({ orderBy: 'integer', limit: 20 });
      const rest = await Sample.asOf(now).findPage({
        orderBy: 'integer',
        limit: 20,
        after: first.nextCursor as string,
      });
      expect(new Set([...first.items, ...rest.items].map((row) => row.id)).size).toBe(ROWS);
    });

    it('refuse a cursor that was changed, or is of another entity or order', async () => {
      const { nextCursor } = await Sample.findPage({ orderBy: 'text', limit: 1 });
      const cursor = nextCursor as string;
      const refuses = async (options: PageOptions<Sample>): Promise<void> => {
        await expect(Sample.findPage({ orderBy: 'text', ...options })).rejects.toThrow(ValidationError);
      };
      for (let index = 0; index < cursor.length; index++) {
        const other = cursor[index] === 'A' ? 'B' : 'A';
        await refuses({ after: `${cursor.slice(0, index)}${other}${cursor.slice(index + 1)}` });
      }
      for (const wrong of [
        '',
        'x',
        cursor.slice(1),
        cursor.slice(0, -1),
        `${cursor}A`,
        `${cursor}=`,
        null,
        5,
        {},
        [cursor],
      ])
        await refuses({ after: wrong as never });
      await refuses({ orderBy: 'text desc', after: cursor });
      await refuses({ orderBy: 'integer', before: cursor });
      await refuses({ after: cursor, before: cursor });
      await expect(Product.findPage({ orderBy: 'name', after: cursor })).rejects.toThrow(ValidationError);
    });

    it('refuse a limit that is none, and an order of json', async () => {
      for (const limit of [0, -1, 1.5, Number.NaN, '1'])
        await expect(Sample.findPage({ limit: limit as never })).rejects.toThrow(ValidationError);
      await expect(Sample.findPage({ orderBy: 'json' })).rejects.toThrow(/json, which has no order/);
    });
  });
}
