import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  ConnectionError,
  connect,
  type Database,
  dbContext,
  KernelError,
  TimeoutError,
} from '../../../src/orm/index.js';
import { Counter } from '../../conformance/orm/entities.js';
import { CutProxy } from '../servers/cut-proxy.js';
import { ownDatabase } from '../servers/own-database.js';

/** The message that ends every exchange. */
const SYNC = 'S\0\0\0\x04';
const OWN_PID = 'SELECT pg_backend_pid() AS pid';

export function describeConnections(): void {
  describe('connections', () => {
    const { open, url } = ownDatabase('postgres');
    let db: Database;
    let other: Database;
    let proxy: CutProxy | undefined;
    beforeAll(async () => {
      db = await open({ entities: [Counter] });
      other = await open({ entities: [] });
      await db.migrate();
    });
    afterEach(async () => {
      await proxy?.close();
      proxy = undefined;
    });

    const kill = (pid: number | undefined): Promise<unknown> =>
      other.query('SELECT pg_terminate_backend(?::int)', [pid]);

    it('keeps nothing of a transaction whose connection is killed, and goes on with a new one', async () => {
      let runs = 0;
      const killed = dbContext(
        async () => {
          runs += 1;
          await Counter.save({ id: `killed ${runs}`, value: 1 });
          const [row] = await db.query<{ pid: number }>(OWN_PID);
          await kill(row?.pid);
          await Counter.save({ id: `after ${runs}`, value: 1 });
        },
        { db },
      );
      await expect(killed).rejects.toBeInstanceOf(ConnectionError);
      expect(runs).toBe(3);
      expect(await Counter.count({ db })).toBe(0);
      expect(await db.query('SELECT count(*)::int AS n FROM counters_history')).toEqual([{ n: 0 }]);
    });

    it('finishes a unit that lost its connection once', async () => {
      let runs = 0;
      await dbContext(
        async () => {
          runs += 1;
          await Counter.save({ id: 'second try', value: runs });
          const [row] = await db.query<{ pid: number }>(OWN_PID);
          if (runs === 1) await kill(row?.pid);
          await Counter.update('second try', { value: runs + 1 });
        },
        { db },
      );
      expect(runs).toBe(2);
      expect(await Counter.getOrThrow('second try', { db })).toMatchObject({ value: 3, version: 2 });
    });

    it('notices idle connections that the server has closed', async () => {
      const small = await open({ entities: [Counter], poolSize: 3 });
      const pids = await Promise.all(
        [1, 2, 3].map(() => small.context(async (inner) => (await inner.query<{ pid: number }>(OWN_PID))[0]?.pid)),
      );
      for (const pid of new Set(pids)) await kill(pid);
      const reads = await Promise.allSettled([1, 2, 3].map(() => Counter.count({ db: small })));
      expect(reads.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    });

    it('names the longest holder when no connection becomes free in time', async () => {
      const small = await open({ entities: [Counter], poolSize: 2, acquireTimeoutMs: 150 });
      let finish: () => void = () => {};
      const finished = new Promise<void>((resolve) => {
        finish = resolve;
      });
      const hold = (): Promise<void> =>
        small.context(async (inner) => {
          await inner.query('SELECT 42 AS held');
          await finished;
        });
      const holders = [hold(), hold()];
      const waited = Counter.count({ db: small });
      await expect(waited).rejects.toBeInstanceOf(TimeoutError);
      await expect(waited).rejects.toThrow(
        /Waited 150 ms for one of 2 connections; .* held one for \d+ ms.*SELECT 42/s,
      );
      finish();
      await Promise.all(holders);
      expect(await Counter.count({ db: small })).toBeGreaterThanOrEqual(0);
    });

    it('row 15: never opens more connections than its pool has', async () => {
      const small = await open({ entities: [Counter], poolSize: 3 });
      const pids = await Promise.all(
        Array.from({ length: 40 }, () =>
          small.context(async (inner) => (await inner.query<{ pid: number }>(`${OWN_PID}, pg_sleep(0.01)`))[0]?.pid),
        ),
      );
      expect(new Set(pids).size).toBe(3);
    });

    it('lets a caller who waits for a connection give up', async () => {
      const small = await open({ entities: [Counter], poolSize: 1 });
      const controller = new AbortController();
      await small.context(async (inner) => {
        await inner.query('SELECT 1');
        const waiting = small.session.core.connections.acquire('read', controller.signal);
        controller.abort(new Error('enough'));
        await expect(waiting).rejects.toThrow('enough');
      });
      expect(await Counter.count({ db: small })).toBeGreaterThanOrEqual(0);
    });

    it('stops a statement that runs too long, and keeps the connection', async () => {
      const hasty = await open({ entities: [], poolSize: 1, statementTimeoutMs: 100 });
      const [before] = await hasty.query(OWN_PID);
      await expect(hasty.query('SELECT pg_sleep(5)')).rejects.toBeInstanceOf(TimeoutError);
      expect(await hasty.query(OWN_PID)).toEqual([before]);
    });

    it('row 14: does not write twice when the answer to a COMMIT is lost', async () => {
      proxy = await CutProxy.open(url(), (sent) => /COMMIT(?!TED)/.test(sent));
      const fragile = await open({ entities: [Counter] }, proxy.url(url()));
      let runs = 0;
      const lost = fragile.context(async (inner) => {
        runs += 1;
        await inner.saveEntity('counters', { name: 'lost commit' });
      });
      await expect(lost).rejects.toBeInstanceOf(ConnectionError);
      expect([runs, proxy.cuts]).toEqual([1, 1]);
      expect(await Counter.count({ db, where: { name: 'lost commit' } })).toBe(1);
    });

    it('row 14: does not write twice when the answer to a single statement is lost', async () => {
      proxy = await CutProxy.open(url(), (sent) => sent.includes('INSERT INTO "counters"'));
      const fragile = await open({ entities: [Counter] }, proxy.url(url()));
      await expect(fragile.saveEntity('counters', { name: 'lost answer' })).rejects.toBeInstanceOf(ConnectionError);
      expect(proxy.cuts).toBe(1);
      expect(await Counter.count({ db, where: { name: 'lost answer' } })).toBe(1);
    });

    it('reads again when the answer to a read is lost', async () => {
      proxy = await CutProxy.open(url(), (sent) => proxy?.cuts === 0 && sent.includes('COUNT(*)'));
      const fragile = await open({ entities: [Counter] }, proxy.url(url()));
      expect(await fragile.countEntities('counters')).toBeGreaterThan(0);
      expect(proxy.cuts).toBe(1);
    });

    it('writes a row and its version in one round trip', async () => {
      let trips = 0;
      proxy = await CutProxy.open(url(), (sent) => {
        trips += sent.split(SYNC).length - 1;
        return false;
      });
      const far = await open({ entities: [Counter], poolSize: 1 }, proxy.url(url()));
      const tripsOf = async (work: () => Promise<unknown>): Promise<number> => {
        const before = trips;
        await work();
        return trips - before;
      };
      const { id } = await far.saveEntity('counters', { name: 'far', value: 0 });
      expect(await tripsOf(() => far.saveEntity('counters', { name: 'farther' }))).toBe(1);
      expect(await tripsOf(() => far.updateEntity('counters', String(id), { value: 1 }))).toBe(1);
      expect(await tripsOf(() => far.updateEntity('counters', String(id), { value: 1 }))).toBe(1);
      await far.context(async (inner) => {
        expect(await tripsOf(() => inner.updateEntity('counters', String(id), { value: 2 }))).toBe(1);
        expect(await tripsOf(() => inner.saveEntity('counters', { name: 'inside' }))).toBe(1);
      });
      expect((await far.entityHistory('counters', String(id))).map(({ version }) => version)).toEqual([3, 2, 1]);
    });

    it('gives a server up that stands still, and does not try again', async () => {
      proxy = await CutProxy.open(url(), (sent) => sent.includes('SELECT 1 AS stuck'));
      proxy.silent = true;
      const stuck = await open({ entities: [], statementTimeoutMs: 100 }, proxy.url(url()));
      const waited = stuck.query('SELECT 1 AS stuck');
      await expect(waited).rejects.toBeInstanceOf(TimeoutError);
      await expect(waited).rejects.toThrow(/has not answered for 5100 ms/);
      expect(proxy.cuts).toBe(1);
      expect(await stuck.query('SELECT 2 AS well')).toEqual([{ well: 2 }]);
    });

    it('reads on when another instance has changed the type of a column', async () => {
      await db.execute('CREATE TABLE shifting (n integer)');
      await db.execute('INSERT INTO shifting VALUES (7)');
      const one = await open({ entities: [], poolSize: 1 });
      const read = (): Promise<object[]> => one.query('SELECT n FROM shifting');
      expect(await read()).toEqual([{ n: 7 }]);
      await db.execute('ALTER TABLE shifting ALTER COLUMN n TYPE text');
      expect(await read()).toEqual([{ n: '7' }]);
      expect(await one.context(read)).toEqual([{ n: '7' }]);
    });

    it('says so when a failed statement has undone the whole transaction', async () => {
      const spoilt = db.context(async (inner) => {
        await inner.saveEntity('counters', { name: 'spoilt' });
        await inner.execute('INSERT INTO nowhere VALUES (1)').catch(() => {});
      });
      await expect(spoilt).rejects.toMatchObject({ code: 'E_TRANSACTION_FAILED' });
      await expect(spoilt).rejects.toBeInstanceOf(KernelError);
      expect(await Counter.count({ db, where: { name: 'spoilt' } })).toBe(0);
    });

    it('waits for open transactions when it is closed, and refuses new work', async () => {
      const closing = await connect(url(), { entities: [Counter] });
      const events: string[] = [];
      let finish: () => void = () => {};
      let start: () => void = () => {};
      const started = new Promise<void>((resolve) => {
        start = resolve;
      });
      const working = closing.context(async (inner) => {
        await inner.query('SELECT 1');
        await new Promise<void>((resolve) => {
          finish = resolve;
          start();
        });
        await inner.saveEntity('counters', { name: 'last' });
        events.push('saved');
      });
      await started;
      const closed = closing.close().then(() => events.push('closed'));
      await expect(closing.query('SELECT 1')).rejects.toBeInstanceOf(ConnectionError);
      finish();
      await Promise.all([working, closed]);
      expect(events).toEqual(['saved', 'closed']);
      expect(await Counter.count({ db, where: { name: 'last' } })).toBe(1);
    });

    it('refuses a wrong password, an unknown database and a dead port without repeating the URL', async () => {
      const unknown = new URL(url());
      unknown.pathname = '/app_kernel_test_nowhere';
      unknown.password = 'hush-hush';
      const dead = new URL(unknown);
      dead.port = '1';
      for (const target of [unknown, dead]) {
        const refused = connect(target.toString(), { entities: [], acquireTimeoutMs: 2_000 });
        await expect(refused).rejects.toBeInstanceOf(ConnectionError);
        await expect(refused).rejects.not.toThrow(/hush-hush/);
      }
      await expect(connect('postgresql://localhost', {})).rejects.toThrow(/names no database/);
    });

    it('refuses a COPY, and go on', async () => {
      const db = await open({ entities: [Counter], poolSize: 1 });
      for (let tries = 0; tries < 3; tries++) {
        await expect(db.execute('COPY counters FROM STDIN')).rejects.toThrow(/COPY FROM STDIN is not supported/);
        expect(await db.query("SELECT 'ä' AS text, 2 AS n, NULL AS nothing")).toEqual([
          { text: 'ä', n: 2, nothing: null },
        ]);
      }
      await db.execute('COPY counters TO STDOUT');
      expect(await db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });
  });
}
