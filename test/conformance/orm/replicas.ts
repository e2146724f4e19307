import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import { runWithContext } from '../../../src/base/context.js';
import { type Database, dbContext, withActor } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Counter } from './entities.js';

/** The "replica" is a database with rows of its own, so that every read shows where it came from. */
export function describeReplicas(backend: Backend): void {
  describe('replicas', () => {
    const clock = new FakeClock();
    let replica: Database;
    let db: Database;
    let first: Database;
    beforeAll(async () => {
      replica = await backend.connect({ entities: [Counter] });
      first = await backend.connect({ entities: [Counter] });
      for (const [each, name] of [
        [replica, 'of the replica'],
        [first, 'of the primary'],
      ] as const) {
        await each.migrate();
        await Counter.save({ id: 'same', name, value: 1 }, { db: each });
      }
      const reconnect = backend.reconnect as NonNullable<Backend['reconnect']>;
      db = await reconnect(first, {
        entities: [Counter],
        clock,
        replicaLagMs: 3_000,
        replicas: [backend.urlOf(replica)],
      });
    });
    afterAll(async () => {
      await db?.close();
      await replica?.close();
      await first?.close();
      await backend.cleanUp();
    });
    beforeEach(() => clock.advance(60_000));

    const nameOf = async (row: Promise<object | null>): Promise<unknown> =>
      ((await row) as { name?: string } | null)?.name;
    const read = (): Promise<unknown> => nameOf(Counter.get('same', { db }));

    it('answer every kind of read outside of a transaction', async () => {
      const where = { id: 'same' };
      expect(await read()).toBe('of the replica');
      expect(await nameOf(Counter.findOne({ where, db }))).toBe('of the replica');
      expect(await Counter.count({ where: { name: 'of the replica' }, db })).toBe(1);
      expect(await Counter.exists({ where: { name: 'of the replica' }, db })).toBe(true);
      expect((await Counter.history('same', { db }))[0]?.name).toBe('of the replica');
      expect(await nameOf(db.findEntity('counters', 'same'))).toBe('of the replica');
      expect(await db.query('SELECT name FROM counters')).toEqual([{ name: 'of the replica' }]);
      for await (const row of Counter.stream({ db })) expect(row.name).toBe('of the replica');
    });

    it('answer nothing inside a transaction, be it read-only', async () => {
      expect(await db.context(() => nameOf(Counter.get('same')))).toBe('of the primary');
      clock.advance(60_000);
      expect(await dbContext(() => nameOf(Counter.get('same')), { db, readOnly: true })).toBe('of the primary');
      expect(await read()).toBe('of the replica');
    });

    it('never decide what a write does', async () => {
      await Counter.save({ id: 'same', name: 'of the replica' }, { db });
      expect(await Counter.count({ where: { name: 'of the replica' }, db: first })).toBe(1);
      expect((await replica.stats()).statements).toBeGreaterThan(0);
      await Counter.update('same', { name: 'of the primary' }, { db });
      clock.advance(60_000);
      expect(await read()).toBe('of the replica');
    });

    it('leave the reads of those who wrote to the primary for a while', async () => {
      await Counter.update('same', { value: 2 }, { db });
      expect(await read()).toBe('of the primary');
      clock.advance(2_999);
      expect(await read()).toBe('of the primary');
      clock.advance(1);
      expect(await read()).toBe('of the replica');
    });

    it('know a writer by request and by actor', async () => {
      const asAnn = <T>(work: () => Promise<T>): Promise<T> => withActor({ id: 'ann' }, work);
      await runWithContext({ requestId: 'r1' }, () => asAnn(() => Counter.update('same', { value: 3 }, { db })));
      expect(await runWithContext({ requestId: 'r1' }, read)).toBe('of the primary');
      expect(await runWithContext({ requestId: 'r2' }, () => asAnn(read))).toBe('of the primary');
      expect(await runWithContext({ requestId: 'r2' }, () => withActor({ id: 'bob' }, read))).toBe('of the replica');
      expect(await read()).toBe('of the replica');
    });

    it('give way to the primary where they cannot answer', async () => {
      await first.execute('CREATE TABLE newer (n INTEGER)');
      await first.execute('INSERT INTO newer VALUES (1)');
      expect(await db.query('SELECT n FROM newer')).toEqual([{ n: 1 }]);
      await expect(db.query('SELECT n FROM nowhere')).rejects.toMatchObject({ code: 'E_SCHEMA' });
    });

    it('are counted', async () => {
      expect(db.stats().replicas).toEqual([{ resting: false, pool: expect.objectContaining({ waiting: 0 }) }]);
    });
  });
}
