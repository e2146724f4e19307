import { beforeAll, describe, expect, it } from 'vitest';
import { type FindOptions, NotFoundError, SchemaError, ValidationError } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Counter, Product } from './entities.js';
import { withDatabase } from './suite.js';

export function describeReading(backend: Backend): void {
  describe('reading', () => {
    const db = withDatabase(backend);
    const names = (rows: ReadonlyArray<{ name: string }>): string[] => rows.map((row) => row.name).sort();
    const where = async (filter: FindOptions<Product>): Promise<string[]> => names(await Product.find(filter));

    beforeAll(async () => {
      await Product.saveMany([
        { name: 'apple', price: 1, workspaceId: 'w1', tags: ['red'] },
        { name: 'Apricot', price: 2, workspaceId: 'w1' },
        { name: 'banana_1', price: 3, workspaceId: 'w2', status: 'published' },
        { name: 'bananaX1', price: 4, workspaceId: 'w2' },
        { name: '100%', price: 5, workspaceId: 'w3' },
      ]);
    });

    it('finds by a condition in SQL with parameters and [columns]', async () => {
      expect(await where({ where: 'workspace_id = ? AND [price] > ?', params: ['w1', 1] })).toEqual(['Apricot']);
      expect(await where({ where: "[name] = 'a?pple' OR name = ? -- all of it?", params: ['apple'] })).toEqual([
        'apple',
      ]);
    });

    it('finds by every condition of a typed filter', async () => {
      expect(await where({ where: { workspaceId: 'w1', price: { gt: 1 } } })).toEqual(['Apricot']);
      expect(await where({ where: { price: { gte: 2, lt: 4 } } })).toEqual(['Apricot', 'banana_1']);
      expect(await where({ where: { price: { lte: 1 } } })).toEqual(['apple']);
      expect(await where({ where: { price: { ne: 1 }, workspaceId: { eq: 'w1' } } })).toEqual(['Apricot']);
      expect(await where({ where: { name: { in: ['apple', '100%'] } } })).toEqual(['100%', 'apple']);
      expect(await where({ where: { name: { in: [] } } })).toEqual([]);
      expect(await where({ where: { price: { notIn: [1, 2, 3] } } })).toEqual(['100%', 'bananaX1']);
      expect(await where({ where: { price: { between: [2, 3] } } })).toEqual(['Apricot', 'banana_1']);
      expect(await where({ where: { tags: null } })).toHaveLength(4);
      expect(await where({ where: { tags: { isNull: false } } })).toEqual(['apple']);
    });

    it('compares text by binary value and takes % and _ in contains literally', async () => {
      expect(await where({ where: { name: 'APPLE' } })).toEqual([]);
      expect(await where({ where: { name: { startsWith: 'ap' } } })).toEqual(['apple']);
      expect(await where({ where: { name: { like: 'A%' } } })).toEqual(['Apricot']);
      expect(await where({ where: { name: { contains: 'a_' } } })).toEqual(['banana_1']);
      expect(await where({ where: { name: { contains: '0%' } } })).toEqual(['100%']);
    });

    it('joins filters with and, or and not', async () => {
      expect(await where({ where: { or: [{ price: 1 }, { name: '100%' }] } })).toEqual(['100%', 'apple']);
      expect(await where({ where: { and: [{ workspaceId: 'w2' }, { not: { price: 3 } }] } })).toEqual(['bananaX1']);
      expect(await where({ where: { not: {} } })).toEqual([]);
      expect(await where({ where: { not: { and: [] } } })).toEqual([]);
      expect(await where({ where: { workspaceId: 'w1', or: [{ price: 1 }, { price: 3 }] } })).toEqual(['apple']);
      expect(await where({ where: { or: [] } })).toEqual([]);
    });

    it('throws on undefined, unknown fields, unknown conditions and values that do not fit', async () => {
      await expect(Product.find({ where: { name: undefined } })).rejects.toThrow(/where.name is undefined/);
      await expect(Product.find({ where: { price: { gt: undefined } } })).rejects.toThrow(/undefined/);
      await expect(Product.find({ where: { nmae: 'x' } as never })).rejects.toThrow('did you mean "name"?');
      await expect(Product.find({ where: { price: { over: 1 } } as never })).rejects.toThrow(/no condition "over"/);
      await expect(Product.find({ where: { price: { like: '1%' } } as never })).rejects.toThrow(/is for text/);
      await expect(Product.find({ where: { tags: ['red'] } as never })).rejects.toThrow(/json/);
      await expect(Product.find({ where: { price: '1' } as never })).rejects.toThrow(ValidationError);
      await expect(Product.find({ where: { name: { or: 1 } } as never })).rejects.toThrow(ValidationError);
      await expect(Product.find({ where: 'name = ?', params: [['a']] })).rejects.toThrow(/cannot be an array/);
      await expect(Product.find({ where: 'name = ?', params: [{ a: 1 }] })).rejects.toThrow(ValidationError);
      await expect(Product.find({ where: 'name = ?', params: [] })).rejects.toThrow(/1 "\?" but 0 params/);
    });

    it('refuses a condition outside of where, which would leave every row in', async () => {
      const astray = { name: 'nobody' } as never;
      const reads = [
        () => Product.find(astray),
        () => Product.findOne(astray),
        () => Product.findPage(astray),
        () => Product.count(astray),
        () => Product.exists(astray),
        () => Product.sum('price', astray),
        () => Product.stream(astray).next(),
        () => db().findEntities('products', astray),
      ];
      for (const read of reads) await expect(read()).rejects.toThrow('conditions belong into where');
      await expect(Product.find({ limt: 1 } as never)).rejects.toThrow('did you mean "limit"?');
    });

    it('takes lists of any length, and no value twice', async () => {
      const prices = (length: number): number[] => Array.from({ length }, (_, index) => index + 4);
      expect(await where({ where: { price: { in: prices(9) } } })).toEqual(['100%', 'bananaX1']);
      expect(await where({ where: { price: { in: prices(100) } } })).toEqual(['100%', 'bananaX1']);
      expect(await where({ where: { price: { notIn: prices(100) } } })).toEqual(['Apricot', 'apple', 'banana_1']);
    });

    it('takes as many conditions as a filter joins, and says so where a pattern is too long', async () => {
      const { id } = await Counter.save({ name: 'joined', value: 2_500 });
      const many = Array.from({ length: 3_000 }, (_, value) => ({ value }));
      expect(await Counter.count({ where: { id, or: many } })).toBe(1);
      expect(await Counter.count({ where: { id, or: many.slice(0, 2_500) } })).toBe(0);
      expect(await Counter.count({ where: { id, and: many.map(({ value }) => ({ not: { value } })) } })).toBe(0);
      const none = Counter.count({ where: { id, name: { contains: 'é'.repeat(30_000) } } });
      if (backend.name.startsWith('sqlite'))
        await expect(none).rejects.toThrow(/where.name.contains is longer than the 50000 bytes/);
      else expect(await none).toBe(0);
      await Counter.delete(id);
    });

    it('takes no filter whose conditions hide outside of its own keys', async () => {
      const inherited: object = Object.create({ name: 'apple' });
      for (const filter of [inherited, new Map([['name', 'apple']]), [{ name: 'apple' }], new Date(), null]) {
        await expect(Product.find({ where: filter as never })).rejects.toThrow(/must be text or an object of fields/);
        await expect(Product.find({ where: { not: filter as never } })).rejects.toThrow(ValidationError);
      }
      for (const key of ['__proto__', 'constructor', 'toString']) {
        const filter: object = JSON.parse(`{"${key}": "apple"}`);
        await expect(Product.find({ where: filter })).rejects.toThrow(`Unknown field "${key}"`);
        await expect(Product.find({ where: { name: JSON.parse(`{"${key}": "apple"}`) } })).rejects.toThrow(
          `no condition "${key}"`,
        );
      }
    });

    it('cannot be led out of its condition', async () => {
      for (const injection of ['1 = 1) OR (1 = 1', '1 = 1; DROP TABLE products', '(1 = 1', "name = 'x", '/* x']) {
        await expect(Product.find({ where: injection }), injection).rejects.toThrow(SchemaError);
      }
      await expect(Product.find({ orderBy: 'name; DROP TABLE products' })).rejects.toThrow(ValidationError);
      await expect(Product.find({ orderBy: '(SELECT 1)' })).rejects.toThrow(ValidationError);
      await expect(Product.find({ orderBy: { 'name" --': 'asc' } as never })).rejects.toThrow(ValidationError);
      await expect(Product.find({ limit: '1; DROP TABLE products' as never })).rejects.toThrow(ValidationError);
      await expect(Product.find({ where: '[nam"e] = 1' })).rejects.toThrow();
      await expect(Product.find({ where: '[nope] = 1' })).rejects.toMatchObject({
        code: 'E_SCHEMA',
        message: expect.stringMatching(/^where: Unknown field "nope" on Product/),
      });
    });

    it('orders, limits and skips', async () => {
      const prices = async (options: FindOptions<Product>): Promise<number[]> =>
        (await Product.find(options)).map((row) => row.price);
      expect(await prices({ orderBy: 'price desc', limit: 2 })).toEqual([5, 4]);
      expect(await prices({ orderBy: { workspaceId: 'desc', price: 'asc' } })).toEqual([5, 3, 4, 1, 2]);
      expect(await prices({ orderBy: '[workspace_id] desc, price', limit: 2, offset: 1 })).toEqual([3, 4]);
      expect(await prices({ orderBy: 'price', offset: 3 })).toEqual([4, 5]);
      expect(await prices({ limit: 0 })).toEqual([]);
    });

    it('reads only the selected fields', async () => {
      const [row] = await Product.find({ select: ['price', 'tags'], where: { name: 'apple' } });
      expect({ ...row }).toEqual({ price: 1, tags: ['red'] });
      await expect(Product.find({ select: ['prize' as never] })).rejects.toThrow('did you mean "price"?');
    });

    it('finds one, counts and tells whether there is any', async () => {
      expect(await Product.findOne({ orderBy: 'price desc' })).toMatchObject({ price: 5 });
      expect(await Product.findOne({ where: { price: 99 } })).toBeNull();
      expect(await Product.count({ where: 'price > ?', params: [2] })).toBe(3);
      expect(await Product.count()).toBe(5);
      expect(await Product.exists({ where: { price: 5 } })).toBe(true);
      expect(await Product.exists({ where: { price: 6 } })).toBe(false);
    });

    it('throws when getOrThrow finds nothing', async () => {
      await expect(Product.getOrThrow('missing')).rejects.toThrow(NotFoundError);
    });

    it('streams every row once, also while rows are changed', async () => {
      const seen: string[] = [];
      for await (const row of Product.stream({ batchSize: 2 })) {
        seen.push(row.name);
        await Product.update(row.id, { price: row.price + 10 });
      }
      expect(seen.sort()).toEqual(['100%', 'Apricot', 'apple', 'bananaX1', 'banana_1'].sort());
      const some: string[] = [];
      for await (const row of Product.stream({ where: 'workspace_id = ?', params: ['w2'], batchSize: 1 }))
        some.push(row.name);
      expect(some).toHaveLength(2);
    });

    it('runs hand-written statements with parameters and quoted names', async () => {
      const rows = await db().query<{ n: number }>('SELECT COUNT(*) AS n FROM [products] WHERE [workspace_id] = ?', [
        'w1',
      ]);
      expect(rows).toEqual([{ n: 2 }]);
      expect(await db().execute('UPDATE products SET price = price + 1 WHERE name = ?', ['apple'])).toBe(1);
      await expect(db().query('SELECT ?')).rejects.toThrow(/1 "\?" but 0 params/);
      await expect(db().execute('COMMIT')).rejects.toThrow(/dbContext/);
    });
  });
}
