import { describe, expect, it } from 'vitest';
import { ValidationError } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Sample } from './entities.js';
import { withDatabase } from './suite.js';

const VALUES = {
  string: ['', 'a', 'ünïcödé 😀', '😀'.repeat(10), `'"\\ % _`],
  text: ['', 'x'.repeat(100_000), 'line\r\nline', '😀'],
  integer: [0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  bigint: [0n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)],
  number: [0, 0.1, -1.5e-300, 1.7976931348623157e308, 3],
  decimal: ['0.00', '9999999999.99', '-9999999999.99', '0.10', '12.50'],
  longDecimal: ['0.0000000000', '12345678901234567890.0123456789', '-12345678901234567890.0123456789'],
  boolean: [true, false],
  datetime: [
    new Date(0),
    new Date('2026-02-28T23:59:59.999Z'),
    new Date('0000-01-01T00:00:00.000Z'),
    new Date('9999-12-31T23:59:59.999Z'),
  ],
  date: ['2024-02-29', '0001-01-01', '9999-12-31'],
  json: [{}, [], { b: [1, 'x', null, { c: true }] }, 'text', 5, false, ['😀']],
  uuid: ['01890a5d-ac96-774b-bcce-b302099a8057'],
  blob: [Buffer.from([0, 255, 10, 13]), Buffer.alloc(0)],
} as const;

const FAULTY: Record<string, readonly unknown[]> = {
  string: ['x'.repeat(11), 'a\0b', '\ud800', 5, {}, ['a']],
  text: ['a\0b', '\udc00x', 1],
  integer: [1.5, Number.NaN, 2 ** 53, '1', true, 1n],
  bigint: [1, 2n ** 63n, '1'],
  number: [Number.NaN, Number.POSITIVE_INFINITY, '1', 1n],
  decimal: ['1.234', '10000000000', 'abc', '', '.', '1e5', 1.5, '1,5'],
  boolean: [1, 'true', 0],
  datetime: ['2026-01-01', new Date(Number.NaN), 0, new Date(8.64e15)],
  date: ['2026-02-30', '2026-1-1', new Date(), ''],
  json: [
    undefined,
    () => 1,
    { n: 1n },
    { a: Number.NaN },
    { at: new Date(Number.NaN) },
    new Map([['a', 1]]),
    [new Set()],
    { text: 'a\0b' },
    ['\ud800'],
  ],
  uuid: ['x', '01890a5dac96774bbcceb302099a8057', 1],
  blob: ['text', [1], new ArrayBuffer(1)],
};

export function describeFieldTypes(backend: Backend): void {
  describe('field types', () => {
    const db = withDatabase(backend);

    for (const [field, values] of Object.entries(VALUES)) {
      it(`brings every ${field} back as it was, from the table and from the history`, async () => {
        for (const value of values) {
          const saved = await Sample.save({ [field]: value });
          const loaded = await Sample.getOrThrow(saved.id);
          expect(loaded[field as keyof Sample]).toEqual(value);
          expect(saved[field as keyof Sample]).toEqual(value);
          expect((await Sample.getVersion(saved.id, 1))?.[field as keyof Sample]).toEqual(value);
          expect(await Sample.save({ id: saved.id, [field]: value })).toMatchObject({ version: 1 });
        }
      });
    }

    for (const [field, values] of Object.entries(FAULTY)) {
      it(`refuses what is no ${field}`, async () => {
        for (const value of values) {
          if (value === undefined) continue;
          const saved = Sample.save({ [field]: value } as never);
          await expect(saved, `${field}: ${String(value)}`).rejects.toThrow(ValidationError);
        }
      });
    }

    it('keeps an escaped backslash before u0000 in json, which is no NUL', async () => {
      const saved = await Sample.save({ json: { path: '\\u0000' } });
      expect((await Sample.getOrThrow(saved.id)).json).toEqual({ path: '\\u0000' });
    });

    it('writes decimals in one canonical text', async () => {
      for (const [given, stored] of [
        ['+1.5', '1.50'],
        ['007', '7.00'],
        ['-0', '0.00'],
        ['.5', '0.50'],
        ['1.500', '1.50'],
      ]) {
        expect((await Sample.save({ decimal: given ?? null })).decimal).toBe(stored);
      }
    });

    it('orders and compares decimals by their number', async () => {
      const numbers = ['-10.00', '-9.50', '-0.01', '0.00', '2.00', '10.00', '100.00'];
      const long = (text: string): string => `${text}00000000`;
      await db().execute('DELETE FROM samples');
      await Sample.saveMany([...numbers].reverse().map((text) => ({ decimal: text, longDecimal: text })));
      const rows = await Sample.find({ orderBy: 'decimal' });
      expect(rows.map((row) => row.decimal)).toEqual(numbers);
      expect((await Sample.find({ orderBy: 'longDecimal' })).map((row) => row.longDecimal)).toEqual(numbers.map(long));
      expect(await Sample.count({ where: { decimal: { gt: '-9.5' } } })).toBe(5);
      expect(await Sample.count({ where: { longDecimal: { gt: '-9.5' } } })).toBe(5);
      expect(await Sample.count({ where: { longDecimal: '2' } })).toBe(1);
      const [sum] = await db().query<{ total: number }>('SELECT SUM([decimal]) AS total FROM samples');
      expect(Number(sum?.total).toFixed(2)).toBe('92.49');
    });

    it('compares dates, times, booleans and bigints in filters', async () => {
      const saved = await Sample.save({
        datetime: new Date('2026-01-02T03:04:05.678Z'),
        boolean: true,
        bigint: 2n ** 60n,
      });
      const only = { id: saved.id };
      expect(await Sample.exists({ where: { ...only, datetime: new Date('2026-01-02T03:04:05.678Z') } })).toBe(true);
      expect(await Sample.exists({ where: { ...only, datetime: { lt: new Date('2026-01-02T03:04:05.678Z') } } })).toBe(
        false,
      );
      expect(await Sample.exists({ where: { ...only, boolean: true, bigint: { gt: 2n ** 60n - 1n } } })).toBe(true);
      expect(await Sample.exists({ where: 'id = ? AND [datetime] = ?', params: [saved.id, saved.datetime] })).toBe(
        true,
      );
    });

    it('finds values of every type in lists of two and of many', async () => {
      const numbers = Array.from({ length: 40 }, (_, at) => at - 20);
      const lists: Array<[keyof Sample, unknown[]]> = [
        ['string', numbers.map((at) => [`"${at}"`, `\\${at}`, `{${at}}`, `é😀,${at}`, `NULL ${at}`][Math.abs(at) % 5])],
        ['text', numbers.map((at) => `a "quoted" \\ {text}, ${at}\n`)],
        ['integer', numbers],
        ['bigint', numbers.map((at) => 2n ** 60n + BigInt(at))],
        ['number', numbers.map((at) => at / 8)],
        ['decimal', numbers.map((at) => `${at}.25`)],
        ['longDecimal', numbers.map((at) => `1234567890123456789.${at + 50}`)],
        ['datetime', numbers.map((at) => new Date(Date.UTC(2026, 0, 30 + at, 1, 2, 3, 456)))],
        ['date', numbers.map((at) => `20${at + 50}-02-03`)],
        ['uuid', numbers.map((at) => `00000000-0000-4000-8000-0000000000${at + 50}`)],
        ['blob', numbers.map((at) => Uint8Array.from([0, 34, 92, at + 50]))],
      ];
      for (const [field, list] of lists) {
        const [first, second] = [await Sample.save({ [field]: list[0] }), await Sample.save({ [field]: list[39] })];
        const found = async (operator: 'in' | 'notIn', values: unknown[]): Promise<string[]> => {
          const where = { id: { in: [first.id, second.id] }, [field]: { [operator]: values } };
          return (await Sample.find({ where: where as never, orderBy: 'id' })).map(({ id }) => id);
        };
        for (const some of [list.slice(0, 2), list.slice(0, 39)]) {
          expect(await found('in', some), field).toEqual([first.id]);
          expect(await found('notIn', some), field).toEqual([second.id]);
        }
        expect(await found('in', list), field).toEqual([first.id, second.id]);
        expect(await found('notIn', list), field).toEqual([]);
      }
    });

    it('compares decimals exactly that floating-point numbers cannot tell apart', async () => {
      const near = [19, 20, 21].map((end) => `1234567890123456789.${end}00000000`);
      const saved = await Sample.saveMany(near.map((longDecimal) => ({ longDecimal, text: 'near' })));
      expect(saved.map(({ longDecimal }) => longDecimal)).toEqual(near);
      const [low = '', middle = '', high = ''] = near;
      for (const [condition, expected] of [
        [middle, [middle]],
        [{ ne: middle }, [low, high]],
        [{ gt: low }, [middle, high]],
        [{ lte: middle }, [low, middle]],
        [{ in: [middle, '1'] }, [middle]],
        [{ notIn: [middle, '1'] }, [low, high]],
        [{ between: [middle, high] }, [middle, high]],
      ] as const) {
        const where = { text: 'near', longDecimal: condition as never };
        const rows = await Sample.find({ where, orderBy: 'longDecimal' });
        expect(rows.map((row) => row.longDecimal)).toEqual(expected);
      }
    });

    it('takes patterns for text alone', async () => {
      for (const field of ['date', 'uuid', 'integer', 'decimal', 'json', 'blob'])
        await expect(Sample.find({ where: { [field]: { like: '1%' } } as never })).rejects.toThrow(ValidationError);
      await expect(Sample.find({ where: { text: { contains: '\0' } } })).rejects.toThrow(ValidationError);
    });

    it('answers big integers of hand-written queries without loss', async () => {
      const saved = await Sample.save({ bigint: 2n ** 53n + 1n, integer: 7 });
      const [row] = await db().query('SELECT [bigint], [integer] FROM samples WHERE id = ?', [saved.id]);
      expect(row).toEqual({ bigint: 2n ** 53n + 1n, integer: 7 });
    });

    it('writes bigints as text and bytes as base64 into JSON', async () => {
      const saved = await Sample.save({ bigint: 2n ** 60n, blob: Buffer.from('hi') });
      expect(JSON.parse(JSON.stringify(saved))).toMatchObject({ bigint: '1152921504606846976', blob: 'aGk=' });
    });
  });
}
