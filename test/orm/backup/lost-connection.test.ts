import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connect, type Database } from '../../../src/orm/index.js';
import { freshDatabase, SQL_BACKENDS, type TestDatabase } from '../../setup/sql-backends.js';

const ROWS = 60_000;

describe.runIf(SQL_BACKENDS.some(({ name }) => name === 'postgres'))('the server ends the session that copies', () => {
  let database: TestDatabase;
  let db: Database;
  let watcher: pg.Client;
  beforeAll(async () => {
    database = await freshDatabase('postgres');
    watcher = new pg.Client(database.url);
    await watcher.connect();
    await watcher.query('CREATE TABLE large (k INT PRIMARY KEY, v TEXT)');
    await watcher.query('INSERT INTO large SELECT k, repeat(md5(k::text), 30) FROM generate_series(1, $1) k', [ROWS]);
  });
  beforeEach(async () => {
    const { url, dataDir } = database;
    db = await connect(url, { entities: [], dataDir, nativeBackup: false });
  });
  afterEach(() => db.close());
  afterAll(async () => {
    await watcher.end();
    await database.drop();
  });

  /** Ends each session that runs such a statement, up to so many, while `work` goes on. @returns how many it has ended. */
  const terminating = async (statement: string, most: number, work: Promise<unknown>): Promise<number> => {
    let done = false;
    const finish = (): void => {
      done = true;
    };
    work.then(finish, finish);
    let ended = 0;
    while (!done && ended < most) {
      const found = await watcher.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid() AND query LIKE $1`,
        [statement],
      );
      ended += found.rowCount ?? 0;
    }
    return ended;
  };
  const COPY_OUT = 'COPY (%large% TO STDOUT%';
  const COPY_IN = 'COPY %large% FROM STDIN%';
  const LOST = { code: 'E_CONNECTION' };

  it('a backup fails and leaves nothing, where that happens again and again', async () => {
    const backup = db.backup();
    const failed = expect(backup).rejects.toMatchObject(LOST);
    expect(await terminating(COPY_OUT, Number.POSITIVE_INFINITY, backup)).toBeGreaterThan(1);
    await failed;
    expect(readdirSync(join(database.dataDir, 'backups'))).toEqual([]);
  });

  it('a backup begins anew, and is whole', async () => {
    const backup = db.backup();
    expect(await terminating(COPY_OUT, 1, backup)).toBe(1);
    const { name, rows } = await backup;
    expect(rows).toBe(ROWS);
    expect(readdirSync(join(database.dataDir, 'backups'))).toEqual([name]);
    expect(await db.verifyBackup(name)).toMatchObject({ faults: [] });
  });

  it('a restore fails and leaves the old data, and the next one succeeds', async () => {
    const [{ name } = { name: '' }] = await db.listBackups();
    await db.execute("UPDATE large SET v = 'newer'");
    const newer = "SELECT COUNT(*) AS count FROM large WHERE v = 'newer'";
    const restore = db.restoreFull(name, { confirm: true });
    const failed = expect(restore).rejects.toMatchObject(LOST);
    expect(await terminating(COPY_IN, Number.POSITIVE_INFINITY, restore)).toBeGreaterThan(1);
    await failed;
    expect(await db.query(newer)).toEqual([{ count: ROWS }]);
    await db.execute("INSERT INTO large VALUES (0, 'writers go on')");
    await db.restoreFull(name, { confirm: true });
    expect(await db.query(newer)).toEqual([{ count: 0 }]);
    expect(await db.query('SELECT COUNT(*) AS count FROM large')).toEqual([{ count: ROWS }]);
  });
});
