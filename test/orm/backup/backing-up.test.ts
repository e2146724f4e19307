import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/orm/index.js';
import { BACKENDS } from '../backends.js';
import { HOSTILE_ENTITIES, saveHostileRows, Vault } from './hostile.js';

for (const backend of BACKENDS) {
  describe(`backups on ${backend.name}`, () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'app-kernel-backup-'));
    let db: Database;
    beforeAll(async () => {
      db = await backend.connect({ entities: HOSTILE_ENTITIES, dataDir });
      await db.migrate();
      const vault = await Vault.save({ label: 'a', code: 'x' });
      await Vault.update(vault.id, { amount: 1 });
      await saveHostileRows(vault.id);
    });
    afterAll(async () => {
      await db.close();
      await backend.cleanUp();
      rmSync(dataDir, { recursive: true, force: true });
    });

    it('come out of a scratch database byte by byte', async () => {
      const backup = await db.backup();
      expect(backup.name).toMatch(/^csv_\d{8}_\d{6}_[0-9a-f]{8}$/);
      expect(await db.verifyBackup(backup.name)).toEqual({ name: backup.name, verified: true, faults: [] });
      const [entry] = await db.listBackups();
      expect(entry).toMatchObject({ name: backup.name, tables: 5, verification: 'verified', native: backup.native });
      if (backend.name !== 'sqlite in memory') expect(backup.native).not.toBeNull();
    });

    it('refuse a file that changed', async () => {
      const backup = await db.backup();
      const file = join(backup.path, 'vaults.csv');
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.replace(',x,', ',y,'));
      const { verified, faults } = await db.verifyBackup(backup.name);
      expect({ verified, faults }).toEqual({
        verified: false,
        faults: ['vaults.csv does not have the checksum that was noted'],
      });
      await expect(db.restoreFull(backup.name, { confirm: true })).rejects.toMatchObject({ code: 'E_BACKUP_CORRUPT' });
    });

    it('are no links to other places, and no manifests that ask for them', async () => {
      const { name, path } = await db.backup();
      const link = join(dirname(path), 'csv_20260101_000000_abcdef01');
      await symlink(path, link);
      await expect(db.restoreFull('csv_20260101_000000_abcdef01')).rejects.toMatchObject({ code: 'E_BACKUP_CORRUPT' });
      await rm(link);
      const written = await readFile(join(path, 'manifest.json'), 'utf8');
      const manifest = written.replace('"format": 2', '"format": 1'); // whoever means harm mends the checksum as well
      await writeFile(join(path, 'manifest.json'), manifest);
      expect(await db.restoreFull(name)).toMatchObject({ dryRun: true });
      const hostile: Array<[string | RegExp, string]> = [
        ['vaults.csv', '../../vaults.csv'],
        ['"format": 1', '"format": 3'],
        ['"type": "boolean"', '"type": "boolean; DROP TABLE vaults"'],
        [/"sha256": "../, '"sha256": "zz'],
        ['[amount] > -10', '1=1) OR (1=1'],
        [/"schemaHash": "......../, '"schemaHash": "00000000'],
      ];
      for (const [from, to] of hostile) {
        const changed = manifest.replace(from, to);
        expect(changed).not.toBe(manifest);
        await writeFile(join(path, 'manifest.json'), changed);
        await expect(db.restoreFull(name), to).rejects.toMatchObject({ code: 'E_BACKUP_CORRUPT' });
      }
    });
  });
}
