import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, Entity, Field, Model } from '../../../src/orm/index.js';
import { BACKENDS } from '../backends.js';
import { HOSTILE_ENTITIES, saveHostileRows, Treasure, Vault } from './hostile.js';

for (const backend of BACKENDS) {
  describe(`an additive import on ${backend.name}`, () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'app-kernel-backup-'));
    let db: Database;
    let name: string;
    let vault: Vault;
    let treasures: Treasure[];
    beforeAll(async () => {
      db = await backend.connect({ entities: HOSTILE_ENTITIES, dataDir, nativeBackup: false });
      await db.migrate();
      vault = await Vault.save({ label: 'a', code: 'x' });
      await saveHostileRows(vault.id);
      treasures = await Treasure.find({ orderBy: 'id' });
      name = (await db.backup()).name;
    });
    afterAll(async () => {
      await db.close();
      await backend.cleanUp();
      rmSync(dataDir, { recursive: true, force: true });
    });

    it('previews, then overwrites, brings back and keeps, and writes versions of what it did', async () => {
      await Vault.update(vault.id, { label: 'changed' });
      const late = await Vault.save({ label: 'late' });
      await Treasure.delete(treasures[0]?.id as string);
      await Treasure.update(treasures[1]?.id as string, { text: 'changed' });

      const preview = await db.restoreCsv(name, { tables: ['vaults', 'treasures'] });
      expect(preview).toMatchObject({ dryRun: true, message: 'Set confirm=true to execute.' });
      expect((await Vault.getOrThrow(vault.id)).label).toBe('changed');

      const outcome = await db.restoreCsv(name, { confirm: true });
      expect(outcome).toEqual({
        dryRun: false,
        source: name,
        ok: true,
        results: {
          vaults: { ok: true, rows: 1, written: 1 },
          vaults_history: { ok: true, rows: 1, written: 0 },
          treasures: { ok: true, rows: treasures.length, written: 2 },
          treasures_history: { ok: true, rows: treasures.length, written: 0 },
        },
      });
      expect(await Vault.getOrThrow(vault.id)).toMatchObject({ label: 'a', version: 3, createdAt: vault.createdAt });
      expect(await Vault.get(late.id)).toEqual(late);
      const values = (rows: readonly Treasure[]) =>
        rows.map(({ version: _v, updatedAt: _a, updatedBy: _b, ...own }) => own);
      expect(values(await Treasure.find({ orderBy: 'id' }))).toEqual(values(treasures));
      const [newest] = await Vault.history(vault.id);
      expect(newest).toMatchObject({ historyUserId: 'system:csv_import', historyComment: `Imported from ${name}` });
      const again = await db.restoreCsv(name, { tables: ['vaults'], confirm: true });
      expect((again as { results: object }).results).toEqual({ vaults: { ok: true, rows: 1, written: 0 } });
    });

    it('adds the versions that a history has lost, and edits none', async () => {
      await db.execute('DELETE FROM [vaults_history] WHERE [id] = ? AND [version] = 1', [vault.id]);
      const outcome = await db.restoreCsv(name, { tables: ['vaults_history'], confirm: true });
      expect(outcome).toMatchObject({ ok: true, results: { vaults_history: { written: 1 } } });
      expect((await Vault.history(vault.id)).map(({ version }) => version)).toEqual([3, 2, 1]);
    });

    it('names tables that are not there, and says of each table what went wrong', async () => {
      await expect(db.restoreCsv(name, { tables: ['vaults', 'nothing'], confirm: true })).rejects.toThrow(
        'CSVs not found for: [nothing]. Available: [treasures, treasures_history, vaults, vaults_history]',
      );
      await expect(db.restoreCsv(name, { tables: ['_schema_migrations'] })).rejects.toThrow(/not found/);
      await db.execute('DELETE FROM treasures');
      await db.execute('DELETE FROM vaults');
      const outcome = await db.restoreCsv(name, { tables: ['treasures'], confirm: true });
      expect(outcome).toMatchObject({ ok: false, results: { treasures: { ok: false } } });
      expect(await Treasure.count()).toBe(0);
      expect(await db.restoreCsv(name, { confirm: true })).toMatchObject({ ok: true });
      expect(await Treasure.count()).toBe(treasures.length);
    });

    const { reconnect } = backend;
    const named = 'names columns that are gone or of another type';
    if (reconnect)
      it(named, async () => {
        @Entity({ table: 'vaults' })
        class Changed extends Model {
          @Field({ type: 'boolean' }) label?: boolean;
          @Field({ type: 'integer' }) amount!: number;
        }
        const other = await reconnect(db, { entities: [Changed], dataDir });
        const outcome = await other.restoreCsv(name, { tables: ['vaults'], confirm: true });
        expect(outcome).toMatchObject({
          ok: false,
          results: {
            vaults: {
              error: expect.stringContaining('label was string and is boolean now; code is no column any more'),
            },
          },
        });
        await other.close();
      });
  });
}
