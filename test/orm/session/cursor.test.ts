import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelError } from '../../../src/base/errors.js';
import { silentLogger } from '../../../src/base/ports.js';
import type { QueryEvent } from '../../../src/orm/index.js';
import { DatabaseCore } from '../../../src/orm/session/database-core.js';
import { openEngine } from '../../../src/orm/session/engines.js';
import type { Scope } from '../../../src/orm/session/scope.js';
import { freshDatabase, SQL_BACKENDS, type SqlEngine, type TestDatabase } from '../../setup/sql-backends.js';

const ROWS = 250;
const ALL = Array.from({ length: ROWS }, (_, at) => at + 1);
const SORTED = 'SELECT n, note FROM numbers ORDER BY n';
/** Fails at the row of 130, or before the first one where the engine makes the whole result first. */
const FAILING: Readonly<Record<SqlEngine, readonly [sql: string, fault: RegExp]>> = {
  sqlite: ['SELECT abs(-9223372036854775807 - (n >= 130)) FROM numbers ORDER BY n', /integer overflow/],
  postgres: ['SELECT 1 / (n - 130) FROM numbers ORDER BY n', /division by zero/],
  mysql: ['SELECT 18446744073709551615 - 129 + n FROM numbers ORDER BY n', /does not fit/],
};
/** Takes a minute and more, on servers. */
const SLOW: Readonly<Partial<Record<SqlEngine, string>>> = {
  postgres: 'SELECT n, pg_sleep(1) FROM numbers',
  mysql: 'SELECT n, SLEEP(1) FROM numbers',
};

async function numbersOf(pages: AsyncIterable<unknown[][]>): Promise<number[]> {
  const found: number[] = [];
  for await (const page of pages) found.push(...page.map(([n]) => Number(n)));
  return found;
}

for (const { name, engine } of SQL_BACKENDS) {
  describe(`a cursor, on ${name}`, () => {
    let database: TestDatabase;
    let core: DatabaseCore;
    const [failing, fault] = FAILING[engine];
    beforeAll(async () => {
      database = await freshDatabase(name);
      const options = { acquireTimeoutMs: 2_000, ...(engine === 'sqlite' ? {} : { poolSize: 1 }) };
      core = new DatabaseCore(await openEngine(database.url, options), {
        entities: [],
        logger: silentLogger,
        tracer: false,
      });
      await core.run('CREATE TABLE numbers (n INT, note VARCHAR(20))', []);
      await core.run('CREATE TABLE notes (note VARCHAR(20))', []);
      const values = ALL.map((n) => `(${n}, ${n % 2 === 0 ? 'NULL' : `'é${n}'`})`);
      await core.run(`INSERT INTO numbers VALUES ${values.reverse().join(', ')}`, []);
    });
    afterAll(async () => {
      await core.close();
      await database.drop();
    });

    const counted = async (scope: Scope, table: string): Promise<number> =>
      Number((await scope.all(`SELECT COUNT(*) FROM ${table}`, []))[0]?.[0]);

    /** That a transaction which writes can begin, sees what it should, and commits. */
    async function expectFit(): Promise<void> {
      const before = await core.unit((scope) => counted(scope, 'notes'));
      await core.unit((scope) => scope.run("INSERT INTO notes VALUES ('fit')", []));
      expect(await core.unit((scope) => counted(scope, 'notes'))).toBe(before + 1);
      if (core.connections.stats().size === 1) expect(core.connections.stats()).toMatchObject({ inUse: 0, waiting: 0 });
    }

    it.each([1, 7, 125, 249, 250, 251, 10_000])('reads all rows in pages of %d', async (size) => {
      await core.unit(
        async (scope) => {
          const pages: unknown[][][] = [];
          for await (const page of scope.cursor(SORTED, () => size)) pages.push(page);
          expect(pages.slice(0, -1).every((page) => page.length === size)).toBe(true);
          expect(pages.length).toBe(Math.ceil(ROWS / size));
          expect(pages.flat()).toEqual(await scope.all(SORTED, []));
        },
        { readOnly: true },
      );
    });

    it('has no pages where there are no rows', async () => {
      const none = 'SELECT n FROM numbers WHERE n < 0';
      const first = await core.unit((scope) => scope.cursor(none, () => 5).next());
      expect(first).toEqual({ value: undefined, done: true });
    });

    it('is one statement, told with its rows', async () => {
      const events: QueryEvent[] = [];
      const off = core.watch.onQuery.add((event) => void events.push(event));
      const before = core.stats().statements;
      await core.unit((scope) => numbersOf(scope.cursor(SORTED, () => 10)));
      await expect(core.unit((scope) => numbersOf(scope.cursor(failing, () => 10)))).rejects.toThrow(fault);
      off();
      expect(core.stats().statements - before).toBe(2);
      const told = events.filter(({ sql }) => sql.startsWith('SELECT'));
      expect(told).toMatchObject([
        { sql: SORTED, rows: ROWS, error: undefined },
        { sql: failing, rows: undefined, error: expect.any(Error) },
      ]);
    });

    it('is over where it is left, and the transaction goes on', async () => {
      await core.unit(async (scope) => {
        const before = await counted(scope, 'notes');
        for await (const page of scope.cursor(SORTED, () => 10)) {
          expect(page).toHaveLength(10);
          break;
        }
        await scope.run("INSERT INTO notes VALUES ('after a cursor')", []);
        const reading = async (): Promise<void> => {
          for await (const _ of scope.cursor('SELECT note, n, n FROM numbers ORDER BY n DESC', () => 10))
            throw new Error('enough');
        };
        await expect(reading()).rejects.toThrow('enough');
        await scope.unit((inner) => inner.run("INSERT INTO notes VALUES ('inside')", []));
        expect(await numbersOf(scope.cursor(SORTED, () => 100))).toEqual(ALL);
        expect(await counted(scope, 'notes')).toBe(before + 2);
      });
      await expectFit();
    });

    it('holds up other statements of its transaction until its end', async () => {
      await core.unit(async (scope) => {
        let written = false;
        const pages = scope.cursor(SORTED, () => 100);
        await pages.next();
        const writing = scope.run("INSERT INTO numbers VALUES (0, 'late')", []).then(() => {
          written = true;
        });
        const other = numbersOf(scope.cursor('SELECT n FROM numbers WHERE n < 3 ORDER BY n', () => 1));
        await new Promise((resolve) => setTimeout(resolve, 20));
        expect(written).toBe(false);
        expect(await numbersOf(pages)).toEqual(ALL.slice(100));
        await writing;
        expect(await other).toEqual([0, 1, 2]);
        await scope.run('DELETE FROM numbers WHERE n = 0', []);
      });
    });

    it('tells of a fault in the middle, which undoes its part of the transaction alone', async () => {
      await core.unit(async (scope) => {
        const before = await counted(scope, 'notes');
        await scope.run("INSERT INTO notes VALUES ('kept')", []);
        const part = scope.unit(async (inner) => {
          await inner.run("INSERT INTO notes VALUES ('undone')", []);
          await numbersOf(inner.cursor(failing, () => 50));
        });
        await expect(part).rejects.toSatisfy((error) => error instanceof KernelError && fault.test(error.message));
        expect(await numbersOf(scope.cursor(SORTED, () => 50))).toEqual(ALL);
        expect(await counted(scope, 'notes')).toBe(before + 1);
      });
      await expectFit();
    });

    it('ends with the signal of its transaction, between two pages', async () => {
      const enough = new Error('enough');
      const controller = new AbortController();
      let read = 0;
      const unit = core.unit(
        async (scope) => {
          for await (const page of scope.cursor(SORTED, () => 10)) {
            read += page.length;
            if (read === 30) controller.abort(enough);
          }
        },
        { signal: controller.signal },
      );
      await expect(unit).rejects.toBe(enough);
      expect(read).toBe(30);
      await expectFit();
    });

    const slow = SLOW[engine];
    it.runIf(slow)('ends with the signal of its transaction, while the server is at a page', async () => {
      const enough = new Error('enough');
      const controller = new AbortController();
      const unit = core.unit((scope) => numbersOf(scope.cursor(slow as string, () => 100)), {
        signal: controller.signal,
      });
      setTimeout(() => controller.abort(enough), 100);
      await expect(unit).rejects.toBe(enough);
      await expectFit();
    });

    it.runIf(engine === 'mysql')(
      'lets the server forget its statement, and takes what comes without a cursor',
      async () => {
        await core.run('CREATE PROCEDURE everything() SELECT n FROM numbers ORDER BY n', []);
        await core.unit(async (scope) => {
          const closed = async (): Promise<number> =>
            Number((await scope.all("SHOW SESSION STATUS LIKE 'Com_stmt_close'", []))[0]?.[1]);
          const before = await closed();
          for await (const _ of scope.cursor(SORTED, () => 100)) break;
          const pages: number[] = [];
          for await (const page of scope.cursor('CALL everything()', () => 100)) pages.push(page.length);
          expect(pages).toEqual([ROWS]);
          expect(await closed()).toBe(before + 2);
        });
      },
    );

    it.runIf(engine === 'mysql')(
      'is read where every statement commits itself, as a restore does on this engine',
      async () => {
        await core.unit(
          async (scope) => {
            expect(await numbersOf(scope.cursor(SORTED, () => 100))).toEqual(ALL);
            for await (const _ of scope.cursor(SORTED, () => 100)) break;
            expect(await counted(scope, 'numbers')).toBe(ROWS);
          },
          { autocommit: true },
        );
        await expectFit();
      },
    );

    it('cannot be opened by a transaction that is over, or about to be', async () => {
      let scope: Scope | undefined;
      let reading: AsyncGenerator | undefined;
      let hasRead = (): void => {};
      const read = new Promise<void>((resolve) => {
        hasRead = resolve;
      });
      const unit = core.unit(async (own) => {
        scope = own;
        reading = own.cursor(SORTED, () => 100);
        await reading.next();
        hasRead();
      });
      await read;
      await new Promise(setImmediate); // the unit waits for the cursor
      const another = (): Promise<unknown> | undefined => scope?.cursor(SORTED, () => 10).next();
      await expect(another()).rejects.toMatchObject({ code: 'E_CONTEXT_ENDED' });
      await reading?.return(undefined);
      await unit;
      await expect(another()).rejects.toMatchObject({ code: 'E_CONTEXT_ENDED' });
    });
  });
}
