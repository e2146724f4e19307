import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ConnectOptions, connect, type Database } from '../../../src/orm/index.js';
import { S3Server } from '../../setup/s3-server.js';
import { freshDatabase, SQL_BACKENDS, type TestDatabase } from '../../setup/sql-backends.js';
import { CompiledOrm } from '../compiled-orm.js';
import { Dying } from './dying.js';
import { HOSTILE_ENTITIES, Vault } from './hostile.js';

describe.runIf(SQL_BACKENDS.some(({ name }) => name === 'mysql'))('killed just behind the exchange of tables', () => {
  let orm: CompiledOrm;
  let database: TestDatabase;
  let db: Database;
  beforeAll(() => {
    orm = new CompiledOrm();
  });
  afterAll(() => orm.remove());
  beforeEach(async () => {
    database = await freshDatabase('mysql');
    db = await open();
    await db.migrate();
    await Vault.save({ label: 'old' }, { db });
    await db.execute('CREATE TABLE zz_late (number BIGINT NOT NULL PRIMARY KEY)');
  });
  afterEach(async () => {
    await db.close();
    await database.drop();
  });

  const open = (options: ConnectOptions = {}): Promise<Database> => {
    const { url, dataDir } = database;
    const settings = { dataDir, nativeBackup: false, acquireTimeoutMs: 60_000 };
    return connect(url, { entities: HOSTILE_ENTITIES, ...settings, ...options });
  };
  /** What the old zz_late is called. */
  const renamed = async (): Promise<string | undefined> => {
    const sql = `SELECT table_name AS name FROM information_schema.columns
      WHERE table_schema = DATABASE() AND column_name = 'number' AND column_key = 'PRI' AND table_name LIKE '\\_restore\\_%\\_old\\_%'`;
    return (await db.query<{ name: string }>(sql))[0]?.name;
  };
  const savedIn = async (name: string): Promise<string[]> => {
    const text = await readFile(join(database.dataDir, 'backups', name, 'zz_late.csv'), 'utf8');
    return text.split('\n');
  };

  it('a write that was done in that moment is in a second backup, which a restart makes', async () => {
    const { name } = await db.backup();
    const acknowledged: number[] = [];
    let next = 0;
    let killed = false;
    const write = async (): Promise<void> => {
      while (!killed) {
        await new Promise((resolve) => setImmediate(resolve));
        const number = ++next;
        const insert = db.execute('INSERT INTO zz_late VALUES (?)', [number]);
        if (await insert.then(Boolean, () => false)) acknowledged.push(number);
      }
    };
    const writers = [write(), write(), write()];
    expect(await new Dying(orm).die(database, 'restore', name, 'exchange', 0)).toBe(true);
    killed = true;
    await Promise.all(writers);
    await db.execute(`INSERT INTO ${await renamed()} VALUES (-1)`); // none may have come late by itself
    const before = (await db.listBackups()).map((entry) => entry.name);

    await db.migrate();
    const [second, ...others] = (await db.listBackups()).map((entry) => entry.name);
    expect(others).toEqual(before);
    const rows = await db.query<{ number: number }>('SELECT number FROM zz_late');
    const kept = new Set([...(await savedIn(second as string)), ...rows.map(({ number }) => String(number))]);
    expect(kept).toContain('-1');
    expect(acknowledged.filter((number) => !kept.has(String(number)))).toEqual([]);
    expect(await db.verifyBackup(second as string)).toMatchObject({ faults: [] });
    expect(await renamed()).toBeUndefined();
    await db.migrate();
    expect(await db.listBackups()).toHaveLength(before.length + 1);
  }, 120_000);

  it.each([
    { by: 'a start', finish: (restarted: Database) => restarted.migrate(), made: 1 },
    {
      by: 'the next restore',
      finish: (restarted: Database, name: string) => restarted.restoreFull(name, { confirm: true }),
      made: 2,
    },
  ])(
    'the second backup that $by makes is stored, and counts for retention',
    async ({ finish, made }) => {
      const server = await S3Server.start();
      const restarted = await open({ backupStore: server.url('late'), backupRetention: { count: 2 } });
      try {
        const { name } = await db.backup();
        expect(await new Dying(orm).die(database, 'restore', name, 'exchange', 0)).toBe(true);
        await db.execute(`INSERT INTO ${await renamed()} VALUES (-1)`);

        await finish(restarted, name);
        const kept = await restarted.listBackups();
        expect(kept).toHaveLength(2);
        const stored = kept.filter(({ places }) => places.includes('store'));
        expect(stored).toEqual(kept.slice(0, made));
        expect(await savedIn(stored.at(-1)?.name as string)).toContain('-1');
      } finally {
        await restarted.close();
        await server.close();
      }
    },
    120_000,
  );
});
