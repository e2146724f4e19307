import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ConnectionError, type Database } from '../../../src/orm/index.js';
import { Counter, Product } from '../../conformance/orm/entities.js';
import { CutProxy } from './cut-proxy.js';
import { untilLocksAreShownAnew } from './lock-view.js';
import { ownDatabase, type ServerEngine } from './own-database.js';

interface Wording {
  /** What every request on the wire has once. */
  readonly request: string;
  /** Answers 12, and fails for 4. */
  readonly share: string;
  readonly lockTable: string;
  readonly unlockTable: string | undefined;
  /** The sessions that wait for a lock. */
  readonly blocked: string;
  kill(pid: number): string;
}

const WORDINGS: Readonly<Record<ServerEngine, Wording>> = {
  postgres: {
    request: 'S\0\0\0\x04',
    share: 'SELECT 12 / (CASE WHEN ?::int = 4 THEN 0 ELSE 1 END) AS share',
    lockTable: 'LOCK TABLE counters IN ACCESS EXCLUSIVE MODE',
    unlockTable: undefined,
    blocked: "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    kill: (pid) => `SELECT pg_terminate_backend(${pid})`,
  },
  mysql: {
    request: '\0\x17',
    share: 'SELECT CASE WHEN ? = 4 THEN (SELECT 1 UNION SELECT 2) ELSE 12 END AS share',
    lockTable: 'LOCK TABLES counters WRITE',
    unlockTable: 'UNLOCK TABLES',
    blocked: `SELECT id AS pid FROM information_schema.processlist WHERE db = DATABASE() AND (state LIKE 'Waiting for table%'
        OR id IN (SELECT trx_mysql_thread_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'))`,
    kill: (pid) => `KILL ${pid}`,
  },
};

const TEN = Array.from({ length: 10 }, (_, index) => index);

const SET_VALUE = 'UPDATE counters SET value = ? WHERE id = ?';

export function describeLanes(engine: ServerEngine): void {
  describe('single statements that share connections', () => {
    const { open, url } = ownDatabase(engine);
    const wording = WORDINGS[engine];
    let other: Database;
    let proxy: CutProxy | undefined;
    beforeAll(async () => {
      other = await open({ entities: [Counter, Product] });
      await other.migrate();
    });
    afterEach(async () => {
      await proxy?.close();
      proxy = undefined;
    });

    const newCounter = async (): Promise<string> =>
      (await Counter.save({ name: 'shared', value: 0 }, { db: other })).id;

    /** Statements share a connection once they are known to be short. */
    async function warmUp(db: Database, id: string): Promise<void> {
      for (let value = 1; value <= 3; value++) {
        await Counter.get(id, { db });
        await Counter.count({ where: { id }, db });
        await db.execute(SET_VALUE, [-value, id]);
        await Product.save({ name: `warm ${value} ${id}`, workspaceId: 'w' }, { db });
      }
    }

    /** Keeps `sql` in force until `release` is called. */
    async function lock(sql: string, unlock?: string): Promise<{ release(): Promise<void> }> {
      let release: () => void = () => {};
      let locked: () => void = () => {};
      const held = new Promise<void>((resolve) => {
        locked = resolve;
      });
      const holder = other.context(async (inner) => {
        await inner.execute(sql);
        locked();
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        if (unlock !== undefined) await inner.execute(unlock);
      });
      await held;
      return {
        release: () => {
          release();
          return holder;
        },
      };
    }

    /** The sessions that wait for a lock, once there are `count`. */
    async function blocked(count: number): Promise<number[]> {
      for (;;) {
        const rows = await other.query<{ pid: number }>(wording.blocked);
        if (rows.length >= count) return rows.map(({ pid }) => pid);
        await untilLocksAreShownAnew();
      }
    }

    it('leave in one write and fail each by itself', async () => {
      let most = 0;
      proxy = await CutProxy.open(url(), (sent) => {
        most = Math.max(most, sent.split(wording.request).length - 1);
        return false;
      });
      const db = await open({ entities: [Counter, Product], poolSize: 1 }, proxy.url(url()));
      while (most < 4) {
        const shares = await Promise.allSettled(TEN.map((n) => db.query(wording.share, [n])));
        const expected = TEN.map((n) => (n === 4 ? { status: 'rejected' } : { value: [{ share: 12 }] }));
        expect(shares).toMatchObject(expected);
      }
    });

    it('answer a read while a write waits for a row that somebody has locked', async () => {
      const id = await newCounter();
      const db = await open({ entities: [Counter, Product], poolSize: 2 });
      await warmUp(db, id);
      const row = await lock(`UPDATE counters SET value = 0 WHERE id = '${id}'`);
      const update = db.execute(SET_VALUE, [7, id]);
      expect(await Promise.all(TEN.map(() => Counter.get(id, { db })))).toHaveLength(10);
      await row.release();
      expect(await update).toBe(1);
    });

    it('do not queue behind a write that has been waiting for a while', async () => {
      const [id, free] = [await newCounter(), await newCounter()];
      const db = await open({ entities: [Counter, Product], poolSize: 2 });
      await warmUp(db, id);
      const row = await lock(`UPDATE counters SET value = 0 WHERE id = '${id}'`);
      const update = db.execute(SET_VALUE, [7, id]);
      await blocked(1);
      for (const since = performance.now(); performance.now() - since < 100; ) await Counter.get(free, { db: other });
      expect(await db.execute(SET_VALUE, [8, free])).toBe(1);
      await row.release();
      expect(await update).toBe(1);
    });

    it('read again when their connections are lost, which the breaker takes for one fault each', async () => {
      const id = await newCounter();
      const db = await open({ entities: [Counter, Product], poolSize: 2 });
      await warmUp(db, id);
      const table = await lock(wording.lockTable, wording.unlockTable);
      const reads = Promise.allSettled(TEN.map(() => Counter.count({ where: { id }, db })));
      for (const pid of await blocked(1)) await other.execute(wording.kill(pid));
      await table.release();
      expect(await reads).toEqual(TEN.map(() => ({ status: 'fulfilled', value: 1 })));
      expect(db.circuitState).toBe('closed');
    });

    it('report every write whose connection is lost, and never write again', async () => {
      const id = await newCounter();
      const db = await open({ entities: [Counter, Product], poolSize: 2 });
      await warmUp(db, id);
      const add = 'UPDATE counters SET value = value + 1 WHERE id = ?';
      await db.execute(add, [id]);
      const { value } = await Counter.getOrThrow(id, { db });
      const table = await lock(wording.lockTable, wording.unlockTable);
      const writes = Promise.allSettled(TEN.map(() => db.execute(add, [id])));
      for (const pid of await blocked(1)) await other.execute(wording.kill(pid));
      await table.release();
      const results = await writes;
      const lost = results.filter((result) => result.status === 'rejected');
      expect(lost.length).toBeGreaterThan(0);
      for (const { reason } of lost) expect(reason).toBeInstanceOf(ConnectionError);
      expect((await Counter.getOrThrow(id, { db })).value).toBe(value + results.length - lost.length);
      expect(db.circuitState).toBe('closed');
    });

    it('leave room for transactions', async () => {
      const id = await newCounter();
      const db = await open({ entities: [Counter, Product], poolSize: 1 });
      await warmUp(db, id);
      let done = false;
      const readers = TEN.map(async () => {
        while (!done) await Counter.get(id, { db });
      });
      for (let value = 1; value <= 5; value++)
        await db.context(async () => {
          const before = await Counter.getOrThrow(id);
          await Counter.update(id, { value: before.value + 100 });
        });
      done = true;
      await Promise.all(readers);
      expect((await Counter.getOrThrow(id, { db })).value).toBe(497);
    });

    it('are finished before the database is closed', async () => {
      const id = await newCounter();
      const db = await open({ entities: [Counter, Product], poolSize: 1 });
      await warmUp(db, id);
      const events: string[] = [];
      const update = db.execute(SET_VALUE, [9, id]).then(() => events.push('updated'));
      const closed = db.close().then(() => events.push('closed'));
      await Promise.all([update, closed]);
      expect(events).toEqual(['updated', 'closed']);
    });
  });
}
