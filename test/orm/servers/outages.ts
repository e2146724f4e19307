import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import { CircuitOpenError, type Database, KernelError } from '../../../src/orm/index.js';
import { CutProxy } from './cut-proxy.js';
import { flap } from './flapping.js';
import { ownDatabase, type ServerEngine } from './own-database.js';

export function describeOutages(engine: ServerEngine): void {
  describe('a server that comes and goes', () => {
    const database = ownDatabase(engine);
    const { open, url } = database;

    it('row 42: is left alone once it has failed five times, is asked again after a pause, and trusted after three answers', async () => {
      let down = false;
      const proxy = await CutProxy.open(url(), () => down);
      const clock = new FakeClock();
      const db = await open({ entities: [], clock }, proxy.url(url()));
      const ask = (): Promise<object[]> => db.query('SELECT 1 AS one');
      expect(await ask()).toEqual([{ one: 1 }]);

      down = true;
      while (db.stats().circuit === 'closed') await ask().catch(() => {});
      const cuts = proxy.cuts;
      expect(cuts).toBeGreaterThanOrEqual(5);
      await expect(ask()).rejects.toBeInstanceOf(CircuitOpenError);
      expect(proxy.cuts).toBe(cuts);

      clock.advance(30_001);
      await expect(ask()).rejects.toBeInstanceOf(KernelError);
      expect(proxy.cuts).toBeGreaterThan(cuts);
      expect(db.stats().circuit).toBe('open');

      down = false;
      clock.advance(30_001);
      for (let answer = 0; answer < 3; answer++) expect(await ask()).toEqual([{ one: 1 }]);
      expect(db.stats()).toMatchObject({ circuit: 'closed', pool: { inUse: 0, waiting: 0 } });
      await db.close();
      await proxy.close();
    });

    it('row 42: loses nothing that it has acknowledged, however often it goes, and is found again every time', {
      timeout: 60_000,
    }, async () => {
      const { acknowledged, unknown, ...faults } = await flap(database, 4);
      expect(faults).toEqual({ opened: 4, closed: 4, missing: 0, versionGaps: 0, doubled: 0 });
      expect(acknowledged).toBeGreaterThanOrEqual(80);
      expect(unknown).toBeGreaterThan(0);
    });

    it('keeps no connection that nobody wants', async () => {
      const db = await open({ entities: [], poolSize: 3, idleTimeoutMs: 1 });
      await Promise.all([1, 2, 3].map(() => db.context((inner) => inner.query('SELECT 1'))));
      while (db.stats().pool.idle > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    it('is left out as a replica until it is back', async () => {
      let down = false;
      const proxy = await CutProxy.open(url(), () => down);
      const clock = new FakeClock();
      const db: Database = await open({ entities: [], clock, replicas: [proxy.url(url())] });
      const sent = (): number => db.stats().statements;
      const read = async (): Promise<number> => {
        const before = sent();
        expect(await db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
        return sent() - before;
      };
      expect([await read(), db.stats().replicas[0]?.resting]).toEqual([1, false]);
      down = true;
      expect([await read(), db.stats().replicas[0]?.resting]).toEqual([2, true]);
      expect(await read()).toBe(1);
      down = false;
      clock.advance(5_000);
      expect([await read(), db.stats().replicas[0]?.resting]).toEqual([1, false]);
      await db.close();
      await proxy.close();
    });
  });
}
