import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  type ConnectOptions,
  connect,
  type Database,
  dbContext,
  Entity,
  Field,
  Model,
  SchemaError,
  TimeoutError,
} from '../../../src/orm/index.js';
import { sqliteFile } from '../../../src/orm/sqlite/url.js';

@Entity({ table: 'pings' })
class Ping extends Model {
  @Field({ type: 'string' }) name!: string;
}

const directory = mkdtempSync(join(tmpdir(), 'app-kernel-sqlite-'));
const open: Database[] = [];
afterEach(async () => {
  for (const db of open.splice(0)) await db.close();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;
async function fresh(url = `sqlite:${directory}/${files++}.db`, options: ConnectOptions = {}): Promise<Database> {
  const db = await connect(url, { entities: [Ping], dataDir: directory, ...options });
  open.push(db);
  await db.migrate();
  return db;
}

/** A transaction that stays open until it is told to end. */
function hold(db: Database): { started: Promise<void>; end(): void; ended: Promise<void> } {
  let end = (): void => {};
  const released = new Promise<void>((resolve) => {
    end = resolve;
  });
  let ended = Promise.resolve();
  const started = new Promise<void>((resolve) => {
    ended = db.context(async () => {
      await Ping.save({ name: 'held' });
      resolve();
      await released;
    });
  });
  return { started, end, ended };
}

describe('sqlite connections', () => {
  it('read every form of URL', () => {
    expect(sqliteFile('sqlite:./x.db')).toBe('./x.db');
    expect(sqliteFile('sqlite:///rel/x.db')).toBe('rel/x.db');
    expect(sqliteFile('sqlite:////abs/x.db')).toBe('/abs/x.db');
    expect(sqliteFile('sqlite::memory:')).toBe(':memory:');
    expect(() => sqliteFile('sqlite:')).toThrow(SchemaError);
  });

  it('refuse a scheme without an engine', async () => {
    await expect(connect('oracle://x')).rejects.toThrow(/No engine for "oracle"/);
    await expect(connect('app.db')).rejects.toThrow(/without a scheme/);
  });

  it('make the directory, and are set up to lose nothing', async () => {
    const db = await fresh(`sqlite:${directory}/deep/er/app.db`);
    expect(existsSync(`${directory}/deep/er/app.db`)).toBe(true);
    await db.context(async (inside) => {
      expect(await inside.query('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
      expect(await inside.query('PRAGMA synchronous')).toEqual([{ synchronous: 2 }]);
      expect(await inside.query('PRAGMA foreign_keys')).toEqual([{ foreign_keys: 1 }]);
    });
  });

  it('let reads outside of an open transaction pass, which do not see its rows', async () => {
    const db = await fresh();
    const held = hold(db);
    await held.started;
    expect(await Ping.count({ db })).toBe(0);
    expect(await db.context(() => Ping.count(), { readOnly: true })).toBe(0);
    held.end();
    await held.ended;
    expect(await Ping.count({ db })).toBe(1);
  });

  it('show one moment to a read-only context', async () => {
    const db = await fresh();
    await db.context(
      async (reading) => {
        expect(await Ping.count({ db: reading })).toBe(0);
        await writeOutside(db);
        expect(await Ping.count({ db: reading })).toBe(0);
      },
      { readOnly: true },
    );
    expect(await Ping.count({ db })).toBe(1);
  });

  it('keep rows of an open transaction in memory from reads outside of it, which wait', async () => {
    const db = await fresh('sqlite::memory:');
    const held = hold(db);
    await held.started;
    const counted = Ping.count({ db });
    held.end();
    await held.ended;
    expect(await counted).toBe(1);
  });

  it('bound the wait for the writing connection and say how long it has been held', async () => {
    const db = await fresh(undefined, { acquireTimeoutMs: 50 });
    const held = hold(db);
    await held.started;
    const fault = await Ping.save({ name: 'late' }, { db }).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(TimeoutError);
    expect(String(fault)).toMatch(/held it for \d+ ms/);
    held.end();
    await held.ended;
    expect(await Ping.save({ name: 'in time' }, { db })).toMatchObject({ name: 'in time' });
  });

  it('take no connection for a context that asks for nothing', async () => {
    const db = await fresh(undefined, { acquireTimeoutMs: 50 });
    const held = hold(db);
    await held.started;
    expect(await dbContext(() => 'idle', { db })).toBe('idle');
    held.end();
    await held.ended;
  });

  it('wait for another process without blocking, also with a single statement', async () => {
    const db = await fresh();
    const other = await lockedOutside(db);
    let turns = 0;
    const turning = setInterval(() => turns++, 1);
    const saved = Ping.save({ name: 'patient' }, { db });
    await until(() => turns >= 20);
    expect(await Ping.count({ db })).toBe(0);
    other.exec('COMMIT');
    await saved;
    clearInterval(turning);
    other.close();
    expect(await Ping.count({ db })).toBe(1);
  });

  it('give up another process that never ends, and write nothing for one who has stopped waiting', async () => {
    const db = await fresh(undefined, { acquireTimeoutMs: 80 });
    const other = await lockedOutside(db);
    await expect(Ping.save({ name: 'late' }, { db })).rejects.toThrow(/kept the database file locked for 80 ms/);
    const stop = new AbortController();
    const stopped = Ping.save({ name: 'stopped' }, { db, signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
    other.exec('COMMIT');
    other.close();
    await Ping.save({ name: 'next' }, { db });
    expect((await Ping.find({ db })).map(({ name }) => name)).toEqual(['next']);
  });

  it('wait for an open transaction before they close', async () => {
    const db = await fresh();
    const held = hold(db);
    await held.started;
    const closed = db.close();
    held.end();
    await Promise.all([held.ended, closed]);
    await expect(Ping.count({ db })).rejects.toMatchObject({ code: 'E_CONNECTION' });
  });
});

async function fileOf(db: Database): Promise<string> {
  const [row] = await db.query<{ file: string }>(`SELECT file FROM pragma_database_list WHERE name = 'main'`);
  return row?.file ?? '';
}

/** What another process is that writes for as long as it likes. */
async function lockedOutside(db: Database): Promise<InstanceType<typeof Sqlite>> {
  const other = new Sqlite(await fileOf(db));
  other.exec('BEGIN IMMEDIATE');
  return other;
}

async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await new Promise((resolve) => setImmediate(resolve));
}

/** A second instance of the service on the same file. */
async function writeOutside(db: Database): Promise<void> {
  const other = await connect(`sqlite:${await fileOf(db)}`, { entities: [Ping], dataDir: directory });
  await Ping.save({ name: 'outside' }, { db: other });
  await other.close();
}
