import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, MaintenanceError } from '../../../src/orm/index.js';
import { BACKENDS } from '../backends.js';
import { HOSTILE_ENTITIES, saveHostileRows, Treasure, Vault } from './hostile.js';
import { sums } from './sums.js';

for (const backend of BACKENDS) {
  describe(`a full restore on ${backend.name}`, () => {
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

    it('says what it would do, and does nothing', async () => {
      const { name } = await db.backup();
      const preview = await db.restoreFull(name);
      expect(preview).toMatchObject({ dryRun: true, backup: name, warning: expect.stringContaining('confirm: true') });
      expect(await db.listBackups()).toHaveLength(1);
    });

    it('brings back every byte, the rules of the tables, and the recording of versions', async () => {
      const before = await db.backup();
      const [vault] = await Vault.find();
      await Vault.update(vault?.id as string, { label: 'changed' });
      await db.execute('DELETE FROM treasures');
      const restored = await db.restoreFull(before.name, { confirm: true });
      expect(restored).toMatchObject({ restoredFrom: before.name, tables: 5, migration: { changed: false } });
      const after = await db.backup();
      expect(await sums(after.path)).toEqual(await sums(before.path));
      expect((await db.plan()).steps).toEqual([]);
      await Vault.update(vault?.id as string, { label: 'again' });
      expect((await Vault.history(vault?.id as string)).map(({ version }) => version)).toEqual([3, 2, 1]);
      await expect(Vault.save({ label: 'b', code: 'x' })).rejects.toMatchObject({ kind: 'unique' });
      await expect(Vault.save({ label: 'b', amount: -20 })).rejects.toMatchObject({ kind: 'check' });
      await expect(Treasure.save({ vaultId: '018f4e9e-7a3c-7cc2-b7f5-3b8f0d1d2e3f' })).rejects.toMatchObject({
        kind: 'foreign_key',
      });
    });

    it('goes back by the safety backup as well', async () => {
      const { name } = await db.backup();
      const late = await Vault.save({ label: 'late' });
      const { safetyBackup } = await db.restoreFull(name, { confirm: true });
      expect(await Vault.get(late.id)).toBeNull();
      await db.restoreFull(safetyBackup, { confirm: true });
      expect(await Vault.get(late.id)).toEqual(late);
    });

    it('row 29: refuses writes and a second restore while it runs', async () => {
      const { name } = await db.backup();
      const running = db.restoreFull(name, { confirm: true });
      const outcomes: unknown[] = [];
      let refused = false;
      let done = false;
      void running.finally(() => {
        done = true;
      });
      while (!done) {
        outcomes.push(await Vault.save({ label: 'meanwhile' }).catch((error: Error) => error));
        await new Promise((resolve) => setImmediate(resolve));
        if (refused || !(outcomes.at(-1) instanceof MaintenanceError)) continue;
        refused = true;
        await expect(db.restoreFull(name, { confirm: true })).rejects.toMatchObject({ code: 'E_CONFLICT' });
      }
      await running;
      expect(refused).toBe(true);
      const written = outcomes.filter((outcome) => outcome instanceof Vault);
      const kept = await Vault.find({ where: { label: 'meanwhile' } });
      const [safety] = await db.listBackups();
      const saved = await readFile(join(safety?.path as string, 'vaults.csv'), 'utf8');
      for (const { id } of written as Vault[])
        expect(saved.includes(id) || kept.some((vault) => vault.id === id)).toBe(true);
    });

    const { reconnect } = backend;
    const ofOthers = 'row 29: loses no write that another instance was told is done';
    if (reconnect)
      it(ofOthers, async () => {
        const other = await reconnect(db, { entities: HOSTILE_ENTITIES, dataDir, acquireTimeoutMs: 60_000 });
        const { name } = await db.backup();
        const acknowledged: string[] = [];
        let restored = false;
        const write = async (): Promise<void> => {
          while (!restored) {
            await new Promise((resolve) => setImmediate(resolve));
            const saved = await Vault.save({ label: 'of another' }, { db: other }).catch(() => undefined);
            if (saved) acknowledged.push(saved.id);
          }
        };
        const writers = [write(), write(), write()];
        const { safetyBackup } = await db.restoreFull(name, { confirm: true });
        restored = true;
        await Promise.all(writers);
        await other.close();
        const saved = await readFile(join(dataDir, 'backups', safetyBackup, 'vaults.csv'), 'utf8');
        const kept = new Set((await Vault.find({ db })).map(({ id }) => id));
        expect(acknowledged.length).toBeGreaterThan(0);
        expect(acknowledged.filter((id) => !saved.includes(id) && !kept.has(id))).toEqual([]);
        for (const id of kept) expect((await Vault.history(id, { db })).length).toBeGreaterThan(0);
      }, 60_000);

    if (reconnect)
      it('keeps what waited for a table that others are renamed before', async () => {
        await db.execute('CREATE TABLE zz_late (number BIGINT NOT NULL PRIMARY KEY)');
        const other = await reconnect(db, { entities: HOSTILE_ENTITIES, dataDir, acquireTimeoutMs: 60_000 });
        const { name } = await db.backup();
        const acknowledged: number[] = [];
        let next = 0;
        let restored = false;
        const write = async (): Promise<void> => {
          while (!restored) {
            await new Promise((resolve) => setImmediate(resolve));
            const number = ++next;
            const insert = other.execute('INSERT INTO zz_late VALUES (?)', [number]);
            if (await insert.then(Boolean, () => false)) acknowledged.push(number);
          }
        };
        const writers = [write(), write(), write()];
        const { safetyBackup } = await db.restoreFull(name, { confirm: true });
        restored = true;
        await Promise.all(writers);
        await other.close();
        const saved = await readFile(join(dataDir, 'backups', safetyBackup, 'zz_late.csv'), 'utf8');
        const rows = await db.query<{ number: number }>('SELECT number FROM zz_late');
        const kept = new Set([...saved.split('\n'), ...rows.map(({ number }) => String(number))]);
        expect(acknowledged.length).toBeGreaterThan(0);
        expect(acknowledged.filter((number) => !kept.has(String(number)))).toEqual([]);
        expect(await db.verifyBackup(safetyBackup)).toMatchObject({ faults: [] });
      }, 60_000);
  });
}
