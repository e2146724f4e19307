import { describe, expect, it } from 'vitest';
import { ConflictError, ConstraintError, dbContext, type WriteEvent } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Counter, Product, Sample } from './entities.js';
import { withDatabase } from './suite.js';

type Given = Partial<Pick<Product, 'price' | 'tags' | 'status'>> & { workspaceId: string; name: string };
const BY_KEY = { matchBy: ['workspaceId', 'name'] as const };

export function describeMatchingMany(backend: Backend): void {
  describe('saving many by other fields than the id', () => {
    const db = withDatabase(backend);
    let next = 0;
    const workspace = (): string => `matching ${next++}`;
    const rows = (workspaceId: string, count: number, price: number): Given[] =>
      Array.from({ length: count }, (_, at) => ({ workspaceId, name: `m${at}`, price }));

    async function eventsOf(work: () => Promise<unknown>): Promise<WriteEvent[]> {
      const events: WriteEvent[] = [];
      const off = db().on('write', (event) => void events.push(event));
      await work().finally(off);
      return events;
    }
    async function statements(work: () => Promise<unknown>): Promise<number> {
      const before = db().stats().statements;
      await work();
      return db().stats().statements - before;
    }

    it('takes few statements for 1,000 rows, new or stored', async () => {
      const [own, counters] = [workspace(), workspace()];
      const { capabilities, indexedUpsert } = db().session.core.dialect;
      const most = capabilities.writableCtes ? 1 : indexedUpsert ? 7 : 20;
      for (const price of [1, 2]) {
        expect(await statements(() => Product.saveMany(rows(own, 1_000, price), BY_KEY))).toBeLessThanOrEqual(most);
        const values = Array.from({ length: 1_000 }, (_, at) => ({ name: `${counters} ${at}`, value: price }));
        const locked = await statements(() => Counter.saveMany(values, { matchBy: 'name', comment: 'noted' }));
        expect(locked).toBeLessThanOrEqual(30);
      }
      expect(await Product.count({ where: { workspaceId: own, price: 2, version: 2 } })).toBe(1_000);
      expect(await Counter.count({ where: { name: { startsWith: counters }, value: 2, version: 2 } })).toBe(1_000);
    });

    it('leaves the same rows, versions and events as saves one after another', async () => {
      const names = Array.from({ length: 12 }, (_, at) => `s${at}`);
      const given = Array.from({ length: 40 }, (_, at) => ({
        name: names[(at * 7) % 12] as string,
        ...(at % 3 !== 0 && { price: (at * 5) % 4 }),
        ...(at % 4 === 0 && { tags: at % 8 === 0 ? [`t${at % 5}`] : undefined }),
        ...(at % 5 === 0 && { status: at % 2 === 0 ? 'draft' : 'published' }),
      }));
      for (const listens of [false, true]) {
        const [together, single] = [workspace(), workspace()];
        const why = listens ? { comment: 'all' } : {};
        const saveAll = async (): Promise<Product[]> =>
          Product.saveMany(
            given.map((row) => ({ ...row, workspaceId: together })),
            { ...BY_KEY, ...why },
          );
        const saveEach = async (): Promise<Product[]> => {
          const saved: Product[] = [];
          for (const row of given)
            saved.push(await Product.save({ ...row, workspaceId: single }, { ...BY_KEY, ...why }));
          return saved;
        };
        const answers: Product[][] = [];
        const told: WriteEvent[][] = [];
        for (const save of [saveAll, saveEach]) {
          const keep = async (): Promise<unknown> => answers.push(await save());
          const events = await eventsOf(listens ? keep : async () => {});
          if (!listens) await keep();
          told.push(events);
        }
        const values = ({ name, price, tags, status, version }: Product) => ({ name, price, tags, status, version });
        expect(answers[0]?.map(values)).toEqual(answers[1]?.map(values));
        const brief = (events: readonly WriteEvent[] = []): unknown[] =>
          names.map((name) =>
            events
              .filter(({ after }) => (after as Product).name === name)
              .map(({ action, version, before }) => [action, version, before && values(before as Product)]),
          );
        expect(brief(told[0])).toEqual(brief(told[1]));
        const pasts = await Promise.all(
          [together, single].map(async (workspaceId) => {
            const stored = await Product.find({ where: { workspaceId }, orderBy: 'name' });
            return Promise.all(stored.map(async ({ id }) => (await Product.history(id)).map(values)));
          }),
        );
        expect(pasts[0]).toEqual(pasts[1]);
      }
    });

    it('makes one row of each match that many save at once, in whatever order, with gapless versions', async () => {
      for (const unique of [true, false]) {
        const own = workspace();
        const save = (value: number): Promise<unknown> => {
          const order = Array.from({ length: 8 }, (_, at) => (at * (2 * value + 1)) % 8);
          if (value % 4 === 3) {
            const name = `r${order[1]}`;
            return unique
              ? Product.save({ workspaceId: own, name, price: value }, BY_KEY)
              : Counter.save({ name: `${own} ${name}`, value }, { matchBy: 'name' });
          }
          if (unique)
            return Product.saveMany(
              order.map((at) => ({ workspaceId: own, name: `r${at}`, price: value })),
              BY_KEY,
            );
          const counters = order.map((at) => ({ name: `${own} r${at}`, value }));
          return Counter.saveMany(counters, { matchBy: 'name' });
        };
        await Promise.all(Array.from({ length: 24 }, (_, value) => save(value)));
        const stored: Array<{ id: string; version: number }> = unique
          ? await Product.find({ where: { workspaceId: own } })
          : await Counter.find({ where: { name: { startsWith: own } } });
        expect(stored).toHaveLength(8);
        for (const { id, version } of stored) {
          const versions = (await (unique ? Product.history(id) : Counter.history(id))).map((row) => row.version);
          expect(versions).toEqual(Array.from({ length: version }, (_, at) => version - at));
        }
      }
    });

    it('saves all or none, inside of a transaction as well, and does not match what is soft-deleted', async () => {
      const own = workspace();
      const [first] = (await Product.saveMany(rows(own, 3, 1), BY_KEY)) as [Product];
      const faulty = [...rows(own, 3, 2), { workspaceId: own, name: 'bad', price: -1 }];
      await expect(Product.saveMany(faulty, BY_KEY)).rejects.toThrow(ConstraintError);
      await dbContext(async () => {
        await expect(Product.saveMany(faulty, BY_KEY)).rejects.toThrow(ConstraintError);
        await Product.softDelete(first.id);
        await Product.saveMany(rows(own, 3, 3), BY_KEY);
      });
      const stored = await Product.find({ where: { workspaceId: own }, orderBy: 'name' });
      expect(stored.map(({ price, version }) => [price, version])).toEqual([
        [3, 1],
        [3, 2],
        [3, 2],
      ]);
      expect(await Product.get(first.id, { includeDeleted: true })).toMatchObject({ price: 1, version: 2 });
    });

    it('refuses a match that is not the only one', async () => {
      const own = workspace();
      await Counter.saveMany([{ name: own }, { name: own }]);
      const twice = Counter.saveMany([{ name: `${own} other` }, { name: own, value: 2 }], { matchBy: 'name' });
      await expect(twice).rejects.toThrow(ConflictError);
      expect(await Counter.count({ where: { name: `${own} other` } })).toBe(0);
    });

    it('gives the fault of the first row at fault', async () => {
      const own = workspace();
      await Product.saveMany(['a', 'b'].map((name) => ({ workspaceId: own, name, price: 5 })));
      const faulty = [
        { workspaceId: `${own}c`, name: 'c', status: 'none', price: 6 },
        { workspaceId: own, name: 'd', price: 5 },
      ];
      const matchBy = ['workspaceId', 'price'] as const;
      await expect(Product.saveMany(faulty, { matchBy })).rejects.toMatchObject({ kind: 'check' });
      await expect(Product.saveMany(faulty.toReversed(), { matchBy })).rejects.toThrow(ConflictError);
    });

    it('matches every type as a single save does, and NULL by NULL', async () => {
      const samples: object[] = [
        { string: 'é', number: 0.1, decimal: '1.50' },
        { string: null, bigint: 2n ** 63n - 1n, date: '2026-02-28' },
        { string: 's', datetime: new Date('2026-01-02T03:04:05.678Z'), boolean: true },
        { string: 'b', blob: Buffer.from([0, 255]), uuid: '00000000-0000-0000-0000-00000000000a' },
        { string: 'j', json: { b: 1, a: [2] } },
      ];
      for (const sample of samples) {
        const matchBy = Object.keys(sample) as Array<keyof Sample & string>;
        const one = await Sample.save({ ...sample, integer: 1 }, { matchBy: matchBy as never });
        const single = await Sample.save({ ...sample, integer: 2 }, { matchBy: matchBy as never });
        const other = { ...sample, string: 'new' };
        const many = await Sample.saveMany(
          [
            { ...sample, integer: 3 },
            { ...other, integer: 3 },
          ],
          {
            matchBy: matchBy as never,
          },
        );
        if (single.id === one.id) expect(many[0], matchBy.join()).toMatchObject({ id: one.id, version: 3 });
        expect(many[1]).toMatchObject({ version: 1, integer: 3 });
      }
    });
  });
}
