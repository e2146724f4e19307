import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/orm/index.js';
import { Counter } from '../../conformance/orm/entities.js';
import { CutProxy } from './cut-proxy.js';
import { untilLocksAreShownAnew } from './lock-view.js';
import { ownDatabase, type ServerEngine } from './own-database.js';

const DIALECT = {
  postgres: {
    sleep: 'SELECT pg_sleep(60)',
    pid: 'SELECT pg_backend_pid() AS pid',
    running: `SELECT count(*)::int AS n FROM pg_stat_activity WHERE state = 'active' AND pid = ?::int`,
    waiting: `SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
  },
  mysql: {
    sleep: 'SELECT SLEEP(60)',
    pid: 'SELECT CONNECTION_ID() AS pid',
    running: `SELECT COUNT(*) AS n FROM information_schema.processlist WHERE command IN ('Query', 'Execute') AND id = ?`,
    waiting: `SELECT COUNT(*) AS n FROM information_schema.innodb_trx JOIN information_schema.processlist ON id = trx_mysql_thread_id WHERE trx_state = 'LOCK WAIT' AND db = DATABASE()`,
  },
};

/** What only a server can show: that the statement ends there, too. */
export function describeAborting(engine: ServerEngine): void {
  const { sleep, pid: ownPid, running, waiting } = DIALECT[engine];

  describe('aborting', () => {
    const { open, url } = ownDatabase(engine);
    const enough = new Error('enough');
    let watcher: Database;
    let proxy: CutProxy | undefined;
    beforeAll(async () => {
      watcher = await open({ entities: [Counter] });
      await watcher.migrate();
    });
    afterEach(async () => {
      await proxy?.close();
      proxy = undefined;
    });

    const count = async (sql: string, params: unknown[] = []): Promise<number> =>
      Number((await watcher.query<{ n: number }>(sql, params))[0]?.n);
    async function until(sql: string, params: unknown[], wanted: number): Promise<void> {
      while ((await count(sql, params)) !== wanted) await untilLocksAreShownAnew();
    }
    const pidOf = async (db: Database): Promise<number> => Number((await db.query<{ pid: number }>(ownPid))[0]?.pid);

    it('ends a running statement on the server, and keeps the connection', async () => {
      const db = await open({ entities: [], poolSize: 1 });
      const pid = await pidOf(db);
      const controller = new AbortController();
      const sleeping = db.query(sleep, [], { signal: controller.signal });
      await until(running, [pid], 1);
      controller.abort(enough);
      await expect(sleeping).rejects.toBe(enough);
      expect(await count(running, [pid])).toBe(0);
      expect(await pidOf(db)).toBe(pid);
    });

    it('rolls a transaction back in the middle of a statement', async () => {
      const db = await open({ entities: [Counter], poolSize: 1 });
      const pid = await pidOf(db);
      const controller = new AbortController();
      let runs = 0;
      const working = db.context(
        async (inner) => {
          runs += 1;
          await inner.saveEntity('counters', { name: 'aborted' });
          await inner.query(sleep);
        },
        { signal: controller.signal },
      );
      await until(running, [pid], 1);
      controller.abort(enough);
      await expect(working).rejects.toBe(enough);
      expect(await Counter.count({ db: watcher, where: { name: 'aborted' } })).toBe(0);
      expect([runs, await pidOf(db)]).toEqual([1, pid]);
    });

    it('ends a verb that waits for a row which somebody else has locked', async () => {
      const db = await open({ entities: [Counter] });
      const { id } = await Counter.save({ name: 'locked', value: 0 }, { db });
      await db.context(async () => {
        await Counter.update(id, { value: 1 });
        const controller = new AbortController();
        const update = Counter.update(id, { value: 2 }, { db: watcher, signal: controller.signal });
        await until(waiting, [], 1);
        controller.abort(enough);
        await expect(update).rejects.toBe(enough);
      });
      expect(await Counter.getOrThrow(id, { db })).toMatchObject({ value: 1, version: 2 });
    });

    it('ends the wait for a connection', async () => {
      const db = await open({ entities: [Counter], poolSize: 1 });
      await db.context(async (inner) => {
        await inner.query('SELECT 1');
        const controller = new AbortController();
        const waited = Counter.count({ db: watcher, signal: AbortSignal.abort(enough) }).catch((e: unknown) => e);
        expect(await waited).toBe(enough);
        const outside = db.session.all('SELECT 1', [], false, controller.signal);
        expect(db.stats().pool).toMatchObject({ inUse: 1, waiting: 1 });
        controller.abort(enough);
        await expect(outside).rejects.toBe(enough);
        expect(db.stats().pool.waiting).toBe(0);
      });
    });

    it('never hits the statement after the one it was meant for', async () => {
      const db = await open({ entities: [], poolSize: 1 });
      for (let round = 0; round < 40; round++) {
        const controller = new AbortController();
        const quick = db.query('SELECT 1 AS one', [], { signal: controller.signal }).catch((error: unknown) => error);
        for (let turn = 0; turn < round % 8; turn++) await new Promise(setImmediate);
        controller.abort(enough);
        expect([enough, [{ one: 1 }]]).toContainEqual(await quick);
        expect(await db.query('SELECT 2 AS two')).toEqual([{ two: 2 }]);
      }
    });

    it('gives a connection up whose server says nothing any more', async () => {
      const marker = 'SELECT 1 AS stuck';
      proxy = await CutProxy.open(url(), (sent) => sent.includes(marker));
      proxy.silent = true;
      const db = await open({ entities: [], poolSize: 1 }, proxy.url(url()));
      const pid = await pidOf(db);
      const controller = new AbortController();
      const stuck = db.query(marker, [], { signal: controller.signal });
      while (proxy.cuts === 0) await new Promise(setImmediate);
      controller.abort(enough);
      await expect(stuck).rejects.toBe(enough);
      expect(await pidOf(db)).not.toBe(pid);
    });
  });
}
