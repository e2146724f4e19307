import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ConnectOptions, connect, type Database } from '../../../../src/orm/index.js';
import { HOSTILE_ENTITIES, saveHostileRows, Vault } from '../hostile.js';
import { sums } from '../sums.js';
import { backupZip, manifestFor, NAME, saveAs, zipOf } from './hostile-zip.js';

const KEY = '7'.repeat(64);

describe('a backup as a ZIP', () => {
  let folder: string;
  const opened: Database[] = [];
  const open = async (name: string, options: ConnectOptions = {}): Promise<Database> => {
    const dataDir = join(folder, name);
    const db = await connect(`sqlite:${join(folder, `${name}.db`)}`, {
      entities: HOSTILE_ENTITIES,
      dataDir,
      ...options,
    });
    opened.push(db);
    await db.migrate();
    return db;
  };
  const packed = async (db: Database, name: string): Promise<string> => {
    const path = join(folder, 'backup.zip');
    const chunks: Buffer[] = [];
    for await (const chunk of await db.exportBackup(name)) chunks.push(chunk as Buffer);
    return saveAs(path, Buffer.concat(chunks));
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'app-kernel-archive-'));
  });
  afterEach(async () => {
    for (const db of opened.splice(0)) await db.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { kind, options } of [
    { kind: 'plain', options: {} },
    { kind: 'sealed on both machines', options: { backupEncryption: { key: KEY, local: true } } },
  ])
    it(`comes to another machine as it was, ${kind}`, async () => {
      const db = await open('first', options);
      const vault = await Vault.save({ label: 'kept' }, { db });
      await db.context(() => saveHostileRows(vault.id));
      const { name, path } = await db.backup();
      const archive = await packed(db, name);
      const other = await open('other', options);
      expect(await other.importBackup(archive)).toEqual({ name, files: 6 });
      expect(await other.verifyBackup(name)).toMatchObject({ verified: true });
      const there = join(folder, 'other', 'backups', name);
      const isSealed = 'backupEncryption' in options;
      expect((await readdir(there)).includes('vaults.csv.sealed')).toBe(isSealed);
      if (!isSealed) expect(await sums(there)).toEqual(await sums(path));
      await other.restoreFull(name, { confirm: true });
      expect(await Vault.find({ db: other })).toEqual([vault]);
      await expect(other.importBackup(archive)).rejects.toMatchObject({ code: 'E_CONFLICT' });
    });

  it('breaks off where a file is not what was backed up', async () => {
    const db = await open('first');
    await Vault.save({ label: 'kept' }, { db });
    const { name, path } = await db.backup();
    const file = join(path, 'vaults.csv');
    await writeFile(file, (await readFile(file, 'utf8')).replace('kept', 'kepT'));
    await expect(packed(db, name)).rejects.toMatchObject({ code: 'E_BACKUP_CORRUPT' });
    rmSync(file);
    await expect(db.exportBackup(name)).rejects.toMatchObject({ code: 'E_BACKUP_CORRUPT' });
  });

  it('lets go of its files when nobody reads on', async () => {
    const db = await open('first');
    const { name } = await db.backup();
    const stream = await db.exportBackup(name);
    await expect(
      pipeline(stream, async (source) => {
        for await (const _ of source) throw new Error('the client has gone');
      }),
    ).rejects.toThrow('the client has gone');
    expect(stream.destroyed).toBe(true);
  });

  it('is refused where it is no backup, and leaves nothing behind', async () => {
    const db = await open('first');
    const csv = 'id,text\na,b\n';
    const manifest = manifestFor(csv, 1);
    const file = (name: string, bytes: Buffer | Promise<Buffer>) =>
      Promise.resolve(bytes).then((it) => saveAs(join(folder, name), it));
    const whole = await backupZip(csv, 1);
    const refused: Array<[Buffer, RegExp]> = [
      [Buffer.alloc(0), /^Invalid ZIP file$/],
      [Buffer.from('not a zip at all, but long enough to be one'), /^Invalid ZIP file$/],
      [whole.subarray(0, whole.length - 5), /^Invalid ZIP file$/],
      [whole.subarray(10), /^Invalid ZIP file$/],
      [await zipOf({}), /^ZIP is empty$/],
      [await zipOf({ 'manifest.json': manifest, 'notes.csv': csv }), /^Invalid path in ZIP: manifest\.json$/],
      [await zipOf({ 'folder/manifest.json': manifest }), /^ZIP must contain a backup directory/],
      [await zipOf({ [`${NAME}/notes.csv`]: csv }), /^manifest\.json is not in the ZIP$/],
      [await zipOf({ [`${NAME}/manifest.json`]: manifest }), /^notes\.csv is not in the ZIP$/],
      [await zipOf({ [`${NAME}/manifest.json`]: '{}', [`${NAME}/notes.csv`]: csv }), /^The manifest of .* is not one/],
      [await backupZip(csv, 1, { bytes: 11 }), /^notes\.csv is longer than 11 bytes$/],
      [await backupZip(csv, 1, { bytes: 13 }), /^notes\.csv has 12 bytes instead of 13$/],
      [await backupZip(csv, 1, { sha256: '0'.repeat(64) }), /^notes\.csv does not have the checksum/],
    ];
    for (const [at, [bytes, message]] of refused.entries()) {
      const path = await file(`refused-${at}.zip`, bytes);
      await expect(db.importBackup(path), String(message)).rejects.toThrow(message);
    }
    await mkdir(join(folder, 'first', 'backups'), { recursive: true });
    expect(await readdir(join(folder, 'first', 'backups'))).toEqual([]);
    expect(await db.importBackup(await file('whole.zip', whole))).toEqual({ name: NAME, files: 2 });
  });

  it('does not follow a link in the folder of a backup', async () => {
    const db = await open('first');
    const { name, path } = await db.backup();
    rmSync(join(path, 'vaults.csv'));
    await symlink('/etc/hostname', join(path, 'vaults.csv'));
    await expect(db.exportBackup(name)).rejects.toMatchObject({ code: 'E_BACKUP_CORRUPT' });
  });
});
