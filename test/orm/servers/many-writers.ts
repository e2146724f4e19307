import { beforeAll, describe, expect, it } from 'vitest';
import { ConflictError, type Database, dbContext } from '../../../src/orm/index.js';
import { Counter, Product } from '../../conformance/orm/entities.js';
import { ownDatabase, type ServerEngine } from './own-database.js';

const HUNDRED = Array.from({ length: 100 }, (_, index) => index);
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => last - index);

export function describeManyWriters(engine: ServerEngine): void {
  describe('many writers at once', () => {
    const { open } = ownDatabase(engine);
    let db: Database;
    beforeAll(async () => {
      db = await open({ entities: [Counter, Product] });
      await db.migrate();
    });

    it('row 17: numbers 100 parallel saves and updates of one row without gaps', async () => {
      const { id } = await Counter.save({ name: 'busy', value: -1 });
      await Promise.all(HUNDRED.map((value) => Counter.update(id, { value })));
      await Promise.all(HUNDRED.map((value) => Counter.save({ id, value: value + 1_000 })));
      const versions = await Counter.history(id);
      expect(versions.map(({ version }) => version)).toEqual(upTo(201));
      expect(new Set(versions.map(({ value }) => value)).size).toBe(201);
      const times = versions.map(({ historyTimestamp }) => historyTimestamp.getTime());
      expect(times).toEqual([...times].sort((a, b) => b - a));
      expect(await Counter.getOrThrow(id)).toMatchObject({ version: 201, value: versions[0]?.value });
    });

    it('makes one row of 100 parallel saves of one unknown id', async () => {
      await Promise.all(HUNDRED.map((value) => Counter.save({ id: 'same', value })));
      expect(await Counter.count({ where: { id: 'same' } })).toBe(1);
      const versions = await Counter.history('same');
      expect(versions.map(({ version }) => version)).toEqual(upTo(versions[0]?.version ?? 0));
      expect(new Set(versions.map(({ value }) => value)).size).toBe(100);
    });

    it('row 18: makes one row of 100 parallel matchBy saves, with and without a unique key', async () => {
      await Promise.all(HUNDRED.map((value) => Counter.save({ name: 'matched', value }, { matchBy: 'name' })));
      expect(await Counter.count({ where: { name: 'matched' } })).toBe(1);
      const row = { name: 'Widget', workspaceId: 'w' };
      await Promise.all(HUNDRED.map((price) => Product.save({ ...row, price }, { matchBy: ['workspaceId', 'name'] })));
      const [product] = await Product.find({ where: row });
      expect(product?.version).toBe(100);
      expect((await Product.history(product?.id ?? '')).map(({ version }) => version)).toEqual(upTo(100));
    });

    it('lets one of 100 win who expect the same version', async () => {
      const { id } = await Counter.save({ name: 'raced', value: 0 });
      const tries = await Promise.allSettled(
        HUNDRED.map((value) => Counter.update(id, { value: value + 1 }, { expectedVersion: 1 })),
      );
      const lost = tries.filter((one) => one.status === 'rejected');
      expect(lost).toHaveLength(99);
      for (const { reason } of lost) expect(reason).toBeInstanceOf(ConflictError);
      expect((await Counter.getOrThrow(id)).version).toBe(2);
    });

    it('row 16: runs the whole of a deadlocked unit again', async () => {
      const [a, b] = [await Counter.save({ name: 'a', value: 0 }), await Counter.save({ name: 'b', value: 0 })];
      let met: () => void = () => {};
      const meeting = new Promise<void>((resolve) => {
        met = resolve;
      });
      let arrived = 0;
      let runs = 0;
      const crossed = (first: string, second: string): Promise<void> =>
        dbContext(async () => {
          runs += 1;
          await Counter.update(first, { value: runs });
          if (++arrived >= 2) met();
          await meeting;
          await Counter.update(second, { value: runs + 100 });
        });
      await Promise.all([crossed(a.id, b.id), crossed(b.id, a.id)]);
      expect(runs).toBe(3);
      expect([(await Counter.getOrThrow(a.id)).version, (await Counter.getOrThrow(b.id)).version]).toEqual([3, 3]);
    });

    it('lets no two units each decide by what the other one is about to change, where they are serializable', async () => {
      const [a, b] = [
        await Counter.save({ name: 'on call', value: 1 }),
        await Counter.save({ name: 'on call', value: 1 }),
      ];
      let met: () => void = () => {};
      const meeting = new Promise<void>((resolve) => {
        met = resolve;
      });
      let arrived = 0;
      const leave = (id: string): Promise<void> =>
        dbContext(
          async (inner) => {
            const rows = await inner.query(`SELECT id FROM counters WHERE name = 'on call' AND value = 1`);
            if (++arrived >= 2) met();
            await meeting;
            if (rows.length > 1) await Counter.update(id, { value: 0 });
          },
          { isolation: 'serializable' },
        );
      await Promise.all([leave(a.id), leave(b.id)]);
      expect(arrived).toBeGreaterThan(2);
      expect(await Counter.count({ where: { name: 'on call', value: 1 } })).toBe(1);
    });

    it('runs a unit again whose snapshot went stale', async () => {
      const { id } = await Counter.save({ name: 'serial', value: 0 });
      let runs = 0;
      await dbContext(
        async () => {
          runs += 1;
          const [{ value } = { value: 0 }] = await Counter.find({ where: { id } });
          if (runs === 1) await db.session.core.run(`UPDATE counters SET value = 10 WHERE id = '${id}'`, []);
          await Counter.update(id, { value: value + 1 });
        },
        { isolation: 'repeatable read' },
      );
      expect(runs).toBe(2);
      expect((await Counter.getOrThrow(id)).value).toBe(11);
    });
  });
}
