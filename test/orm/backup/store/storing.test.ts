import { mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../../src/base/clock.js';
import { type ConnectOptions, connect, type Database } from '../../../../src/orm/index.js';
import { S3Server } from '../../../setup/s3-server.js';
import { HOSTILE_ENTITIES, saveHostileRows, Vault } from '../hostile.js';
import { sums } from '../sums.js';

const KEY = 'a'.repeat(64);
const DAY_MS = 86_400_000;

let server: S3Server;
beforeAll(async () => {
  server = await S3Server.start();
});
afterAll(() => server.close());

let runs = 0;
describe.each([
  { kind: 'plain', encryption: undefined, suffix: '' },
  { kind: 'sealed', encryption: { key: KEY }, suffix: '.sealed' },
  { kind: 'sealed here as well', encryption: { key: KEY, local: true }, suffix: '.sealed' },
])('backups in a bucket, $kind', ({ encryption, suffix }) => {
  let folder: string;
  let prefix: string;
  let clock: FakeClock;
  const opened: Database[] = [];
  const open = async (dataDir: string, options: ConnectOptions = {}): Promise<Database> => {
    const db = await connect(`sqlite:${join(folder, `${dataDir}.db`)}`, {
      entities: HOSTILE_ENTITIES,
      dataDir: join(folder, dataDir),
      backupStore: server.url(prefix),
      ...(encryption && { backupEncryption: encryption }),
      clock,
      ...options,
    });
    opened.push(db);
    await db.migrate();
    return db;
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'app-kernel-store-'));
    prefix = `service-${runs++}/deeper`;
    clock = new FakeClock();
  });
  afterEach(async () => {
    for (const db of opened.splice(0)) await db.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are complete there once they are complete here, and come back to another machine byte by byte', async () => {
    const db = await open('first');
    const vault = await Vault.save({ label: 'kept' }, { db });
    await db.context(() => saveHostileRows(vault.id));
    const backup = await db.backup();
    expect(backup.places).toEqual(['local', 'store']);
    const keys = await server.keys(prefix);
    const native = `native_${backup.name.slice(4)}.db`;
    const files = ['_schema_migrations.csv', 'manifest.json', native, 'treasures.csv', 'treasures_history.csv'];
    expect(keys).toEqual(
      [...files, 'vaults.csv', 'vaults_history.csv'].map((file) => `${backup.name}/${file}${suffix}`),
    );
    expect(await db.listBackups()).toMatchObject([{ name: backup.name, places: ['local', 'store'] }]);

    const other = await open('other', { nativeBackup: false });
    expect(await other.listBackups()).toMatchObject([
      { name: backup.name, places: ['store'], path: null, rows: backup.rows },
    ]);
    await other.restoreFull(backup.name, { confirm: true });
    expect(await Vault.find({ db: other })).toEqual([vault]);
    const again = (await other.listBackups()).find(({ name }) => name === backup.name);
    expect(again).toMatchObject({ name: backup.name, places: ['local', 'store'], native: expect.any(String) });
    if (!encryption?.local) expect(await sums(again?.path as string)).toEqual(await sums(backup.path));
    expect(await other.verifyBackup(backup.name)).toMatchObject({ verified: true });
    const third = await (await open('third')).listBackups();
    expect(third.find(({ name }) => name === backup.name)).toMatchObject({ verification: 'verified' });
  });

  it('hold nothing that can be read where they are sealed', async () => {
    const db = await open('first');
    await Vault.save({ label: 'a secret that is easily found' }, { db });
    const { name } = await db.backup();
    const found: string[] = [];
    for (const key of await server.keys(prefix))
      if ((await server.read(prefix, key)).includes('a secret that')) found.push(key);
    expect(found.length > 0).toBe(!encryption);
    const here = join(folder, 'first', 'backups', name);
    expect((await readdir(here)).filter((file) => file.endsWith('.sealed'))).toHaveLength(encryption?.local ? 6 : 0);
  });

  it('are not listed without their manifest, which comes last', async () => {
    const db = await open('first');
    const { name } = await db.backup();
    server.remove(prefix, `${name}/manifest.json${suffix}`);
    expect(await db.listBackups()).toMatchObject([{ name, places: ['local'] }]);
    const other = await open('other');
    expect(await other.listBackups()).toEqual([]);
    await expect(other.restoreFull(name, { confirm: true })).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
  });

  it('are refused where a byte was changed or cut off, whichever file it is in', async () => {
    const db = await open('first');
    await Vault.save({ label: 'kept' }, { db });
    const { name } = await db.backup();
    const other = await open('other');
    for (const key of await server.keys(prefix)) {
      const original = await server.read(prefix, key);
      const changes = [
        (bytes: Buffer) => bytes.subarray(0, bytes.length - 5),
        (bytes: Buffer) => Buffer.from(bytes).fill((bytes.at(-3) ?? 0) ^ 1, bytes.length - 3, bytes.length - 2),
        (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('x')]),
      ];
      for (const change of changes) {
        await server.tamper(prefix, key, change);
        await expect(other.verifyBackup(name), key).rejects.toMatchObject({
          code: expect.stringMatching(/^E_(BACKUP_CORRUPT|CONNECTION)$/),
        });
      }
      await server.tamper(prefix, key, () => original);
    }
    expect(await readdir(join(folder, 'other', 'backups'))).toEqual([]);
    expect(await other.verifyBackup(name)).toMatchObject({ verified: true });
  });

  it('stay as the retention says, and the last good one always', async () => {
    const db = await open('first', { backupRetention: { count: 2 }, nativeBackup: false });
    const good = await db.backup();
    await db.verifyBackup(good.name);
    const names: string[] = [];
    for (let day = 0; day < 4; day++) {
      clock.advance(DAY_MS);
      names.unshift((await db.backup()).name);
    }
    const kept = [...names.slice(0, 2), good.name];
    const other = await open('other');
    expect((await other.listBackups()).map(({ name }) => name)).toEqual(kept);
    const left = new Set((await server.keys(prefix)).map((key) => key.split('/')[0]));
    expect([...left].sort()).toEqual([...kept].sort());
  });

  it('that were begun and never completed are removed once nobody goes on with them', async () => {
    const db = await open('first', { backupRetention: { count: 5 }, nativeBackup: false });
    const cut = await db.backup();
    server.remove(prefix, `${cut.name}/manifest.json${suffix}`);
    clock.advance(DAY_MS / 2);
    await db.backup();
    expect((await server.keys(prefix)).some((key) => key.startsWith(cut.name))).toBe(true);
    clock.set(Date.now() + 2 * DAY_MS);
    await db.backup();
    expect((await server.keys(prefix)).some((key) => key.startsWith(cut.name))).toBe(false);
  });
});

describe('a bucket', () => {
  it('that cannot be reached takes no backup, and the one of this machine counts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'app-kernel-store-'));
    const errors: unknown[] = [];
    const gone = await S3Server.start();
    const backupStore = gone.url('gone');
    await gone.close();
    const logger = { ...console, error: (...args: unknown[]) => errors.push(args), info: () => {}, debug: () => {} };
    await using db = await connect(`sqlite:${join(folder, 'app.db')}`, {
      entities: HOSTILE_ENTITIES,
      dataDir: folder,
      backupStore,
      logger: logger as never,
    });
    await db.migrate();
    const { name, places } = await db.backup();
    expect(places).toEqual(['local']);
    expect(await db.listBackups()).toMatchObject([{ name, places: ['local'] }]);
    expect(inspect(errors, { depth: 20 })).not.toContain('S3RVER');
    expect(errors.length).toBeGreaterThan(0);
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('with another key, or none, opens nothing and says why', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'app-kernel-store-'));
    const base = { entities: HOSTILE_ENTITIES, backupStore: server.url('keys') };
    const url = (name: string) => `sqlite:${join(folder, `${name}.db`)}`;
    await using first = await connect(url('a'), {
      ...base,
      dataDir: join(folder, 'a'),
      backupEncryption: { key: KEY },
    });
    await first.migrate();
    const { name } = await first.backup();
    const key = 'b'.repeat(64);
    await using wrong = await connect(url('b'), { ...base, dataDir: join(folder, 'b'), backupEncryption: { key } });
    expect(await wrong.listBackups()).toEqual([]);
    await expect(wrong.restoreFull(name)).rejects.toMatchObject({
      code: 'E_BACKUP_KEY',
      message: expect.stringContaining('sealed with another key'),
    });
    await using none = await connect(url('c'), { ...base, dataDir: join(folder, 'c') });
    expect(await none.listBackups()).toEqual([]);
    await expect(none.restoreFull(name)).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    's3://b',
    'https://bucket',
    's3://bucket?region=x&more=1',
    's3://key@bucket',
    's3://bucket?endpoint=ftp://x',
  ])('is not %s', async (backupStore) => {
    await expect(connect('sqlite::memory:', { backupStore })).rejects.toThrow(/backupStore: must be the URL/);
  });

  it('takes a key of 32 bytes and no other', async () => {
    for (const key of ['short', 'g'.repeat(64), ''])
      await expect(connect('sqlite::memory:', { backupEncryption: { key } })).rejects.toThrow(/32 bytes/);
  });
});
