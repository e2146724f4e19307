import { beforeEach, describe, expect, it } from 'vitest';
import { KernelError, ValidationError, withoutTenant, withTenant } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Note, Sample } from './entities.js';
import { withDatabase } from './suite.js';

export function describeAggregates(backend: Backend): void {
  describe('aggregates', () => {
    const db = withDatabase(backend);
    beforeEach(() => db().execute('DELETE FROM samples'));

    const store = <K extends keyof Sample>(field: K, values: ReadonlyArray<Sample[K]>): Promise<Sample[]> =>
      Sample.saveMany(values.map((value) => ({ [field]: value })));

    it('are zero, or null, where there is no value', async () => {
      for (const rows of [[], [null, null]]) {
        await store('integer', rows);
        expect(await Sample.sum('integer')).toBe(0);
        expect(await Sample.sum('bigint')).toBe(0n);
        expect(await Sample.sum('number')).toBe(0);
        expect(await Sample.sum('decimal')).toBe('0.00');
        expect(await Sample.sum('longDecimal')).toBe('0.0000000000');
        for (const field of ['integer', 'bigint', 'number', 'decimal', 'longDecimal'] as const)
          expect(await Sample.avg(field), field).toBeNull();
        for (const field of ['integer', 'text', 'datetime', 'blob', 'boolean', 'uuid'] as const) {
          expect(await Sample.min(field), field).toBeNull();
          expect(await Sample.max(field), field).toBeNull();
        }
      }
    });

    it('add up integers, and say so where the sum is no safe integer', async () => {
      await store('integer', [1, -5, null, 2 ** 40]);
      expect(await Sample.sum('integer')).toBe(2 ** 40 - 4);
      expect(await Sample.avg('integer', { where: { integer: { lt: 100 } } })).toBe(-2);
      expect(await Sample.avg('integer')).toBe((2 ** 40 - 4) / 3);
      await store('integer', [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]);
      const outcome = await Sample.sum('integer').catch((error: unknown) => error);
      expect(outcome).toBeInstanceOf(KernelError);
      expect(outcome).toMatchObject({ code: 'E_OUT_OF_RANGE', message: expect.stringContaining('Sample.integer') });
      expect(await Sample.avg('integer', { where: { integer: { gt: 2 ** 41 } } })).toBe(Number.MAX_SAFE_INTEGER);
    });

    it('add up bigints beyond 64 bits', async () => {
      const largest = 2n ** 63n - 1n;
      await store('bigint', [largest, largest, largest, null]);
      expect(await Sample.sum('bigint')).toBe(3n * largest);
      expect(await Sample.avg('bigint')).toBe(`${largest}.0000`);
      await db().execute('DELETE FROM samples');
      await store('bigint', [-(2n ** 63n), -(2n ** 63n), -1n]);
      expect(await Sample.sum('bigint')).toBe(-(2n ** 64n) - 1n);
      expect(await Sample.avg('bigint', { where: { bigint: { gte: -1n } } })).toBe('-1.0000');
    });

    it('add up decimals without rounding', async () => {
      await store('decimal', ['0.10', '0.20', '-9999999999.99', '9999999999.99', '9999999999.99', null]);
      expect(await Sample.sum('decimal')).toBe('10000000000.29');
      expect(await Sample.avg('decimal')).toBe('2000000000.058000');
      expect(await Sample.sum('decimal', { where: { decimal: { lt: '0' } } })).toBe('-9999999999.99');

      const largest = '99999999999999999999.9999999999';
      await store('longDecimal', [largest, largest, '-0.0000000001', `-${largest}`, '12345678901234567890.0987654321']);
      expect(await Sample.sum('longDecimal')).toBe('112345678901234567890.0987654319');
      expect(await Sample.sum('longDecimal', { where: { longDecimal: { lt: '0' } } })).toBe(
        '-100000000000000000000.0000000000',
      );
      expect(await Sample.avg('longDecimal', { where: { longDecimal: { lt: '0' } } })).toBe(
        '-50000000000000000000.00000000000000',
      );
    });

    it('round an average half away from zero, in four digits more than the field has', async () => {
      await store('decimal', ['0.01', ...Array.from({ length: 7 }, () => '0.00')]);
      expect(await Sample.avg('decimal')).toBe('0.001250');
      await store(
        'decimal',
        Array.from({ length: 8 }, () => '0.00'),
      );
      expect(await Sample.avg('decimal')).toBe('0.000625');
      await store(
        'decimal',
        Array.from({ length: 16 }, () => '0.00'),
      );
      expect(await Sample.avg('decimal')).toBe('0.000313');
      await db().execute('DELETE FROM samples');
      await store('decimal', ['-0.01', ...Array.from({ length: 31 }, () => '0.00')]);
      expect(await Sample.avg('decimal')).toBe('-0.000313');
    });

    it('add up numbers as doubles', async () => {
      await store('number', [0.5, 0.25, -1, null]);
      expect(await Sample.sum('number')).toBe(-0.25);
      expect(await Sample.avg('number')).toBe(-0.25 / 3);
    });

    it('find the smallest and the largest value of every type with an order', async () => {
      await Sample.saveMany([
        { text: 'b', bigint: 5n, decimal: '2.00', longDecimal: '-2.0', number: 1.5, date: '2026-01-02', boolean: true },
        {
          text: 'B',
          bigint: 2n ** 60n,
          decimal: '10.00',
          longDecimal: '-10.0',
          number: -1.5,
          date: '0999-01-02',
          boolean: false,
        },
        { text: null, blob: Buffer.from([1]), datetime: new Date(5), uuid: '00000000-0000-0000-0000-00000000000b' },
        { blob: Buffer.from([1, 0]), datetime: new Date(-5), uuid: '00000000-0000-0000-0000-00000000000a' },
      ]);
      const range = async (field: Parameters<typeof Sample.min<Sample, keyof Sample & 'text'>>[0] | string) => [
        await Sample.min(field as 'text'),
        await Sample.max(field as 'text'),
      ];
      expect(await range('text')).toEqual(['B', 'b']);
      expect(await range('bigint')).toEqual([5n, 2n ** 60n]);
      expect(await range('decimal')).toEqual(['2.00', '10.00']);
      expect(await range('longDecimal')).toEqual(['-10.0000000000', '-2.0000000000']);
      expect(await range('number')).toEqual([-1.5, 1.5]);
      expect(await range('date')).toEqual(['0999-01-02', '2026-01-02']);
      expect(await range('boolean')).toEqual([false, true]);
      expect(await range('datetime')).toEqual([new Date(-5), new Date(5)]);
      expect(await range('uuid')).toEqual([
        '00000000-0000-0000-0000-00000000000a',
        '00000000-0000-0000-0000-00000000000b',
      ]);
      expect((await range('blob')).map((bytes) => [...(bytes as unknown as Uint8Array)])).toEqual([[1], [1, 0]]);
    });

    it('keep to the filter, to what is not deleted, and to the tenant', async () => {
      const [one] = await store('integer', [1, 10, 100]);
      await Sample.softDelete(one?.id as string);
      expect(await Sample.sum('integer')).toBe(110);
      expect(await Sample.sum('integer', { includeDeleted: true })).toBe(111);
      expect(await Sample.sum('integer', { where: '[integer] > ?', params: [50] })).toBe(100);
      expect(await Sample.min('integer')).toBe(10);
      expect(await Sample.max('integer', { where: { integer: { lt: 50 } } })).toBe(10);

      await withTenant('sum1', () => Note.save({ workspaceId: 'sum1', body: 'a' }));
      await withTenant('sum2', () => Note.save({ workspaceId: 'sum2', body: 'z' }));
      expect(await withTenant('sum1', () => Note.max('body'))).toBe('a');
      expect(await withTenant('sum2', () => Note.sum('version'))).toBe(1);
      expect(await withoutTenant(() => Note.max('body'))).toBe('z');
      await expect(Note.sum('version')).rejects.toThrow(/belongs to tenants/);
      await expect(Note.max('body')).rejects.toThrow(/belongs to tenants/);
    });

    it('refuse fields that have no sum or no order', async () => {
      await expect(Sample.sum('text')).rejects.toThrow(ValidationError);
      await expect(Sample.avg('date')).rejects.toThrow(/is date; sums and averages are of/);
      await expect(Sample.max('json' as never)).rejects.toThrow(/no order/);
      await expect(Sample.sum('nope' as never)).rejects.toThrow(/Unknown field "nope"/);
    });
  });
}
