import { beforeAll, describe, expect, it } from 'vitest';
import { type Database, dbContext } from '../../../src/orm/index.js';
import { Counter } from '../../conformance/orm/entities.js';
import { ownDatabase, serversOf } from '../servers/own-database.js';

const ROWS = 10_000;
const BY_NAME = { matchBy: 'name' } as const;
const OWN_LOCKS = `SELECT count(*)::int AS count FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()`;

/** The server has room for some thousand locks of all its connections: `max_locks_per_transaction` for each. */
describe.runIf(serversOf('postgres').length > 0)('rows that are found by no unique key', () => {
  const { open } = ownDatabase('postgres');
  let db: Database;
  let other: Database;
  beforeAll(async () => {
    db = await open({ entities: [Counter] });
    other = await open({ entities: [Counter] });
    await db.migrate();
  });
  const rows = (prefix: string, value: number): Array<Partial<Counter>> =>
    Array.from({ length: ROWS }, (_, at) => ({ name: `${prefix} ${at}`, value }));
  const locks = async (): Promise<number> => (await db.query<{ count: number }>(OWN_LOCKS))[0]?.count as number;

  it(`${ROWS} of them are saved with few locks, and by two callers once`, async () => {
    const held = dbContext(
      async () => {
        await Counter.saveMany(rows('both', 1), BY_NAME);
        return locks();
      },
      { db },
    );
    const reversed = Counter.saveMany(rows('both', 2).reverse(), { ...BY_NAME, db: other });
    expect(await held).toBeLessThan(100);
    await reversed;
    expect(await Counter.count({ where: { name: { startsWith: 'both' } }, db })).toBe(ROWS);
  }, 120_000);

  it('one by one in one transaction, are saved with few locks as well', async () => {
    const held = await dbContext(
      async () => {
        for (const row of rows('single', 1).slice(0, 500)) await Counter.save(row, BY_NAME);
        return locks();
      },
      { db },
    );
    expect(held).toBeLessThan(300);
  });

  it('and that one caller saves, wait for those that another one saves many of', async () => {
    let saved: Promise<Counter> | undefined;
    let isSaved = false;
    await dbContext(
      async () => {
        await Counter.saveMany(rows('many', 1).slice(0, 1_000), BY_NAME);
        saved = Counter.save({ name: 'many 7', value: 2 }, { ...BY_NAME, db: other });
        void saved.then(() => {
          isSaved = true;
        });
        await db.query('SELECT pg_sleep(0.2)');
        expect(isSaved).toBe(false);
      },
      { db },
    );
    expect(await saved).toMatchObject({ value: 2, version: 2 });
    expect(await Counter.count({ where: { name: 'many 7' }, db })).toBe(1);
  });

  it('and those that two callers save at once, each one of them before many, are saved once', async () => {
    const callers = Array.from({ length: 2 }, (_, caller) =>
      dbContext(
        async () => {
          await Counter.save({ name: `crossed ${caller}`, value: caller }, BY_NAME);
          await Counter.saveMany(
            Array.from({ length: 600 }, (_, at) => ({ name: `crossed ${at}`, value: caller })),
            BY_NAME,
          );
        },
        { db: caller % 2 === 0 ? db : other },
      ),
    );
    await Promise.all(callers);
    expect(await Counter.count({ where: { name: { startsWith: 'crossed' } }, db })).toBe(600);
  }, 60_000);

  it('are imported with few locks where all of them are gone', async () => {
    await Counter.saveMany(rows('gone', 1), { db });
    const { name } = await db.backup();
    await db.execute("DELETE FROM counters WHERE name LIKE 'gone %'");
    expect(await db.restoreCsv(name, { tables: ['counters'], confirm: true })).toMatchObject({ ok: true });
    expect(await Counter.count({ where: { name: { startsWith: 'gone' } }, db })).toBe(ROWS);
  }, 120_000);
});
