import { beforeAll, describe, expect, it } from 'vitest';
import { ConnectionError, type Database, dbContext, KernelError } from '../../../src/orm/index.js';
import { Counter } from '../../conformance/orm/entities.js';
import type { ServerEngine } from './own-database.js';
import type { OwnServer } from './own-server.js';

const TIMEOUT_MS = 120_000;

/** What happens when the server dies or stands still: shown on a server of our own. */
export function describeServerFaults(engine: ServerEngine, own: () => OwnServer): void {
  describe('a server that fails', () => {
    let db: Database;
    beforeAll(async () => {
      db = await own().open({ entities: [Counter], acquireTimeoutMs: 2_000 });
      await db.migrate();
    });

    /** A handle of its own: the breaker of the one that saw the server die stays open for a while. */
    const fresh = (): Promise<Database> => own().open({ entities: [Counter] });

    /** PostgreSQL has a process for each connection; the one that we started only hands them out. */
    async function everythingOf(someone: Database): Promise<{ stop(): void; go(): void }> {
      const { server } = own();
      const clients = `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'`;
      const rows = engine === 'postgres' ? await someone.query<{ pid: number }>(clients) : [];
      const signal = (name: 'SIGSTOP' | 'SIGCONT'): void => rows.forEach(({ pid }) => void process.kill(pid, name));
      return {
        stop: () => {
          server.pause();
          signal('SIGSTOP');
        },
        go: () => {
          signal('SIGCONT');
          server.resume();
        },
      };
    }

    /** Two transactions that wait for each other, so that both connections of a pool of two are open. */
    async function openBoth(someone: Database): Promise<void> {
      const leave: Array<() => void> = [];
      const together = (): Promise<void> =>
        new Promise((resolve) => {
          leave.push(resolve);
          if (leave.length === 2) for (const each of leave) each();
        });
      const transaction = (): Promise<void> =>
        someone.context(async (inner) => {
          await inner.query('SELECT 1');
          await together();
        });
      await Promise.all([transaction(), transaction()]);
    }

    it('row 13: keeps row and history together, wherever in a transaction it is killed', {
      timeout: TIMEOUT_MS,
    }, async () => {
      const { server } = own();
      const steps: ReadonlyArray<(id: string) => Promise<unknown>> = [
        (id) => Counter.save({ id, name: 'killed', value: 0 }),
        (id) => Counter.update(id, { value: 1 }),
        (id) => dbContext(() => Counter.update(id, { value: 2 })),
        (id) => Counter.softDelete(id),
      ];
      for (let killedAfter = 0; killedAfter < steps.length; killedAfter++) {
        const victim = await fresh();
        let runs = 0;
        const unit = victim.context(async () => {
          runs += 1;
          for (const [index, step] of steps.entries()) {
            await step(`killed after ${killedAfter}`);
            if (runs === 1 && index === killedAfter) await server.kill();
          }
        });
        await expect(unit).rejects.toBeInstanceOf(ConnectionError);
        await server.start();
        const survivor = await fresh();
        expect(await Counter.count({ db: survivor, includeDeleted: true })).toBe(0);
        expect(await survivor.query('SELECT version FROM counters_history')).toEqual([]);
        await survivor.close();
      }
    });

    it('row 13: has what it acknowledged, gapless, when it is killed under load', { timeout: TIMEOUT_MS }, async () => {
      const { server } = own();
      const acknowledged = new Map<string, number>();
      for (let round = 0; round < 3; round++) {
        const loaded = await fresh();
        let down = false;
        const work = Array.from({ length: 6 }, async (_, worker) => {
          for (let turn = 0; !down; turn++) {
            const id = `load ${round} ${worker} ${turn % 5}`;
            try {
              const { version } = await Counter.save({ id, name: 'load', value: turn }, { db: loaded });
              acknowledged.set(id, version);
            } catch (error) {
              expect(error).toBeInstanceOf(KernelError);
            }
          }
        });
        while (acknowledged.size < (round + 1) * 20) await new Promise(setImmediate);
        await server.kill();
        down = true;
        await Promise.all(work);
        await server.start();
      }
      const survivor = await fresh();
      expect(acknowledged.size).toBeGreaterThanOrEqual(60);
      for (const [id, version] of acknowledged) {
        const row = await Counter.getOrThrow(id, { db: survivor });
        const versions = (await Counter.history(id, { db: survivor })).map((each) => each.version);
        expect(row.version, id).toBeGreaterThanOrEqual(version);
        expect(versions, id).toEqual(Array.from({ length: row.version }, (_, index) => row.version - index));
      }
    });

    it('row 15: lets nobody wait without end when it stands still, and loses no connection', {
      timeout: TIMEOUT_MS,
    }, async () => {
      const small = await own().open({ entities: [], poolSize: 2, acquireTimeoutMs: 300, statementTimeoutMs: 300 });
      await openBoth(small);
      const { stop, go } = await everythingOf(small);
      stop();
      const waits = await Promise.allSettled(Array.from({ length: 8 }, () => small.query('SELECT 1 AS one')));
      for (const wait of waits) {
        expect(wait.status).toBe('rejected');
        expect(['E_TIMEOUT', 'E_CONNECTION', 'E_CIRCUIT_OPEN']).toContain((wait as PromiseRejectedResult).reason.code);
      }
      go();
      expect(small.stats().pool).toMatchObject({ inUse: 0, waiting: 0 });
      const again = await own().open({ entities: [], poolSize: 2 });
      expect(await again.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });
  });
}
