import { describe, expect, it } from 'vitest';
import { runWithContext } from '../../../src/base/context.js';
import { type Logger, silentLogger } from '../../../src/base/ports.js';
import { type Database, dbContext, type QueryEvent } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { Counter } from './entities.js';
import { withDatabase } from './suite.js';

/** Every statement takes longer. */
const ANY_TIME_MS = 1e-6;

function keptLog(): { logger: Logger; lines: unknown[] } {
  const lines: unknown[] = [];
  return { logger: { ...silentLogger, warn: (fields, message) => void lines.push([fields, message]) }, lines };
}

export function describeQueryEvents(backend: Backend): void {
  describe('query events', () => {
    const db = withDatabase(backend);

    async function eventsOf(work: () => Promise<unknown>, of: Database = db()): Promise<QueryEvent[]> {
      const events: QueryEvent[] = [];
      const off = of.on('query', (event) => void events.push(event));
      await work().finally(off);
      return events;
    }

    it('tell statement, duration, rows and request, and no value', async () => {
      const [event] = await eventsOf(() =>
        runWithContext({ requestId: 'r7' }, () => db().query('SELECT 1 AS one WHERE ? = ?', ['hush', 'hush'])),
      );
      expect(event).toMatchObject({ rows: 1, error: undefined, requestId: 'r7', params: undefined });
      expect(event?.sql).toMatch(/^SELECT 1 AS one WHERE/);
      expect(event?.durationMs).toBeGreaterThan(0);
      expect(JSON.stringify(event)).not.toContain('hush');
    });

    it('tell the beginning, the writes and the end of a transaction', async () => {
      const events = await eventsOf(() =>
        dbContext(async () => {
          await Counter.save({ name: 'hush' });
        }),
      );
      const statements = events.map(({ sql }) => sql);
      expect([statements[0], statements.at(-1)]).toEqual(['BEGIN', 'COMMIT']);
      expect(statements.filter((sql) => /INSERT INTO .counters/.test(sql)).length).toBeGreaterThan(0);
      expect(JSON.stringify(events)).not.toContain('hush');
      const undone = await eventsOf(() =>
        dbContext(async (inner) => {
          await inner.query('SELECT 1');
          throw new Error('undo');
        }).catch(() => {}),
      );
      expect(undone.at(-1)?.sql).toBe('ROLLBACK');
    });

    it('tell why a statement failed', async () => {
      const [event] = await eventsOf(() =>
        dbContext((inner) => inner.execute('UPDATE counters SET nothing = 1')).catch(() => {}),
      ).then((events) => events.filter(({ sql }) => sql.startsWith('UPDATE')));
      expect(event).toMatchObject({ rows: undefined, error: { code: 'E_SCHEMA' } });
    });

    it('come no more once the listener is off', async () => {
      const events: QueryEvent[] = [];
      db().on('query', (event) => void events.push(event))();
      await Counter.count();
      expect(events).toEqual([]);
    });

    it('carry the values in debug mode alone', async () => {
      const other = await backend.connect({ entities: [Counter], debug: true });
      const [event] = await eventsOf(() => other.query('SELECT 1 AS one WHERE ? = ?', ['a', 'b']), other);
      await other.close();
      expect(event?.params).toEqual(['a', 'b']);
    });

    it('cannot harm a statement by a listener that throws', async () => {
      const off = db().on('query', () => {
        throw new Error('listener');
      });
      expect(await db().query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      off();
    });

    it('refuse a name that is none', () => {
      expect(() => db().on('slwo' as 'slow', () => {})).toThrow(/no event "slwo"; did you mean "slow"/);
    });
  });

  describe('slow statements', () => {
    it('are logged and told without values, and counted', async () => {
      const { logger, lines } = keptLog();
      const other = await backend.connect({ entities: [Counter], logger, slowQueryMs: ANY_TIME_MS });
      const slow: QueryEvent[] = [];
      other.on('slow', (event) => void slow.push(event));
      lines.length = 0;
      const before = other.stats().slow;
      await other.query('SELECT 1 AS one WHERE ? = ?', ['hush', 'hush']);
      expect(lines).toEqual([
        [expect.objectContaining({ sql: expect.stringMatching(/^SELECT 1 AS one WHERE/) }), 'A statement was slow'],
      ]);
      expect(slow).toHaveLength(1);
      expect(other.stats().slow - before).toBe(1);
      expect(JSON.stringify([lines, slow])).not.toContain('hush');
      await other.close();
    });

    it('are none where the limit is 0', async () => {
      const { logger, lines } = keptLog();
      const other = await backend.connect({ entities: [Counter], logger, slowQueryMs: 0 });
      await other.query('SELECT 1 AS one');
      expect([lines, other.stats().slow]).toEqual([[], 0]);
      await other.close();
      await backend.cleanUp();
    });
  });

  describe('the figures of a database', () => {
    const db = withDatabase(backend);

    it('count statements, and connections in use', async () => {
      const before = db().stats();
      expect(before).toMatchObject({ retries: 0, circuit: 'closed', pool: { inUse: 0, waiting: 0 } });
      await Counter.count();
      await dbContext(async (inner) => {
        await inner.query('SELECT 1');
        await inner.execute('DELETE FROM counters');
        const { pool } = db().stats();
        expect(pool.inUse).toBe(1);
        expect(pool.size).toBeGreaterThanOrEqual(pool.inUse + pool.idle);
      });
      const after = db().stats();
      expect(after.statements - before.statements).toBe(3);
      expect(after.pool).toMatchObject({ inUse: 0, waiting: 0 });
    });
  });
}
