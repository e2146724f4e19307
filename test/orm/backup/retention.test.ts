import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import { unfinishedName } from '../../../src/orm/backup/files/unfinished.js';
import { type ConnectOptions, connect } from '../../../src/orm/index.js';
import { Vault } from './hostile.js';

const DAY_MS = 86_400_000;

describe('backups that are kept', () => {
  let dataDir: string;
  const clock = new FakeClock();
  const open = async (options: ConnectOptions) => {
    const db = await connect(`sqlite:${join(dataDir, 'app.db')}`, { entities: [Vault], dataDir, clock, ...options });
    await db.migrate();
    return db;
  };
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'app-kernel-backup-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  it('are the newest ones, with what the tool of the engine made of them', async () => {
    await using db = await open({ backupRetention: { count: 2 } });
    for (let day = 0; day < 4; day++) {
      await db.backup();
      clock.advance(DAY_MS);
    }
    expect(await db.listBackups()).toHaveLength(2);
    expect(await readdir(join(dataDir, 'backups'))).toHaveLength(4);
  });

  it('are those of the last days, and never none', async () => {
    await using db = await open({ backupRetention: { days: 2 } });
    for (let day = 0; day < 5; day++) {
      await db.backup();
      clock.advance(DAY_MS);
    }
    expect(await db.listBackups()).toHaveLength(3);
    clock.advance(100 * DAY_MS);
    const { name } = await db.backup();
    expect((await db.listBackups()).map((entry) => entry.name)).toEqual([name]);
  });

  it('hold what has just been made, also where the clock was set back', async () => {
    await using db = await open({ backupRetention: { count: 1 } });
    clock.advance(10 * DAY_MS);
    const ahead = await db.backup();
    clock.advance(-9 * DAY_MS);
    for (let times = 0; times < 2; times++) {
      const { name } = await db.backup();
      expect((await db.listBackups()).map((entry) => entry.name)).toEqual([ahead.name, name]);
      clock.advance(-2 * DAY_MS);
    }
  });

  it('leave alone what another machine is writing to the same folder, until it is a day old', async () => {
    await using db = await open({});
    await db.backup();
    const [ours, theirs] = ['11111111_1', '11111111_99999999'].map((who) => `.unfinished_${who}_backup_x`) as [
      string,
      string,
    ];
    const folder = join(dataDir, 'backups');
    for (const name of [ours, theirs]) await mkdir(join(folder, name));
    await db.backup();
    expect(await readdir(folder)).toEqual(expect.arrayContaining([ours, theirs]));
    const long = Date.now() / 1000 - 2 * 86_400;
    await utimes(join(folder, theirs), long, long);
    const died = spawnSync(process.execPath, ['-e', '']).pid;
    const mine = unfinishedName('backup').replace(`_${process.pid}_`, `_${died}_`);
    await mkdir(join(folder, mine));
    await db.backup();
    expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([ours]);
  });

  it('hold the newest that passed its verification, whatever came later', async () => {
    await using db = await open({ backupRetention: { count: 1 } });
    const good = await db.backup();
    await db.verifyBackup(good.name);
    clock.advance(DAY_MS);
    const bad = await db.backup();
    await writeFile(join(bad.path, 'vaults.csv'), 'broken');
    await db.verifyBackup(bad.name);
    clock.advance(DAY_MS);
    const { name } = await db.backup();
    expect((await db.listBackups()).map((entry) => entry.name)).toEqual([name, good.name]);
  });

  it('come before a migration of a database that holds rows, and before no other', async () => {
    const first = await open({});
    await Vault.save({ label: 'kept' }, { db: first });
    expect(await first.listBackups()).toEqual([]);
    await first.migrate({ verify: true });
    expect(await first.listBackups()).toEqual([]);
    await first.execute('CREATE TABLE [gone] ([id] TEXT PRIMARY KEY)');
    await first.migrate({ allowDrops: ['gone'] });
    const [before] = await first.listBackups();
    expect(before).toMatchObject({ rows: 3, tables: 4 });
    await first.execute('CREATE TABLE [gone] ([id] TEXT PRIMARY KEY)');
    await first.close();
    await using second = await open({ backupBeforeMigrate: false });
    await second.migrate({ allowDrops: ['gone'] });
    expect(await second.listBackups()).toHaveLength(1);
  });

  it('stop a migration that cannot be backed up', async () => {
    await using db = await open({});
    await Vault.save({ label: 'kept' }, { db });
    await db.execute('CREATE TABLE [gone] ([id] TEXT PRIMARY KEY)');
    await writeFile(join(dataDir, 'backups'), 'no folder');
    await expect(db.migrate({ allowDrops: ['gone'] })).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await db.query('SELECT COUNT(*) AS n FROM [gone]')).toEqual([{ n: 0 }]);
  });
});
