import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Backup, connect, type Database } from '../../../src/orm/index.js';
import { BACKENDS } from '../backends.js';
import { HOSTILE_ENTITIES, Treasure, Vault } from './hostile.js';
import { SmallDisk } from './small-disk.js';
import { sums } from './sums.js';

const LONG = 'x'.repeat(200_000);

async function saveTreasures(db: Database, count: number): Promise<void> {
  for (let at = 0; at < count; at++) await Treasure.save({ string: `t${at}`, text: LONG }, { db });
}

for (const backend of BACKENDS) {
  describe(`row 27: a full disk under the backups of ${backend.name}`, () => {
    let disk: SmallDisk;
    let dataDir: string;
    let db: Database;
    let first: Backup;
    beforeAll(async () => {
      disk = SmallDisk.mount(2);
      dataDir = join(disk.folder, 'data');
      mkdirSync(dataDir);
      db = await backend.connect({ entities: HOSTILE_ENTITIES, dataDir, nativeBackup: false });
      await db.migrate();
      await Vault.save({ label: 'kept' }, { db });
      first = await db.backup();
    });
    afterAll(async () => {
      await db.close();
      await backend.cleanUp();
      disk.unmount();
    });

    it('lets a backup fail cleanly, wherever it is, and earlier ones stay whole', async () => {
      const before = await sums(first.path);
      await saveTreasures(db, 8); // with their versions half as much again as the disk holds
      const rows = JSON.stringify(await Treasure.find({ db, orderBy: 'id' }));
      await expect(db.backup()).rejects.toMatchObject({ code: 'ENOSPC' });
      const makeRoom = disk.fill();
      await expect(db.backup()).rejects.toMatchObject({ code: 'ENOSPC' });
      expect(readdirSync(join(dataDir, 'backups'))).toEqual([first.name]);
      expect((await db.listBackups()).map(({ name }) => name)).toEqual([first.name]);
      expect(await sums(first.path)).toEqual(before);
      await expect(db.restoreFull(first.name, { confirm: true })).rejects.toMatchObject({ code: 'ENOSPC' });
      expect(JSON.stringify(await Treasure.find({ db, orderBy: 'id' }))).toBe(rows);
      makeRoom();
      expect(await Vault.save({ label: 'writers go on' }, { db })).toMatchObject({ version: 1 });
    });

    it('says nothing about the backup whose trial has no room', async () => {
      const makeRoom = disk.fill();
      await expect(db.verifyBackup(first.name)).rejects.toMatchObject({
        code: expect.stringMatching(/^(ENOSPC|E_CONNECTION)$/),
      });
      expect(await db.listBackups()).toMatchObject([{ name: first.name, verification: 'not verified' }]);
      makeRoom();
      expect(await db.verifyBackup(first.name)).toMatchObject({ verified: true });
      expect(readdirSync(join(dataDir, 'backups'))).toEqual([first.name]);
    });
  });
}

describe('row 27: a full disk under a SQLite database', () => {
  const backups = mkdtempSync(join(tmpdir(), 'app-kernel-backup-'));
  let disk: SmallDisk;
  beforeAll(() => {
    disk = SmallDisk.mount(24);
  });
  afterAll(() => {
    disk.unmount();
    rmSync(backups, { recursive: true, force: true });
  });

  it('lets a restore fail cleanly, and leaves the old data', async () => {
    const options = { entities: HOSTILE_ENTITIES, dataDir: backups, nativeBackup: false };
    const other = await connect(`sqlite:${backups}/other.db`, options);
    await other.migrate();
    await saveTreasures(other, 10);
    const large = await other.backup();
    await other.close();
    const db = await connect(`sqlite:${disk.folder}/app.db`, options);
    await db.migrate();
    await Vault.save({ label: 'old' }, { db });
    const makeRoom = disk.fill();
    const refused = await db.restoreFull(large.name, { confirm: true }).catch((error: Error) => error);
    expect(refused).toMatchObject({ code: 'E_CONNECTION', message: expect.stringMatching(/SQLITE_(FULL|IOERR)/) });
    expect(await Vault.find({ db })).toMatchObject([{ label: 'old' }]);
    expect(await Treasure.count({ db })).toBe(0);
    makeRoom();
    await db.restoreFull(large.name, { confirm: true });
    expect(await Treasure.count({ db })).toBe(10);
    await db.close();
  });
});
