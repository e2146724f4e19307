import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/orm/index.js';
import { BACKENDS } from '../backends.js';
import { FOREIGN_TABLES, type ForeignTable, makeTable } from './foreign.js';
import { sums } from './sums.js';

/** What a table holds, whatever the order of its rows. */
async function contentOf(db: Database, table: string): Promise<string[]> {
  const rows = await db.query(`SELECT * FROM ${table}`);
  const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value);
  return rows.map((row) => JSON.stringify(row, plain)).sort();
}

for (const backend of BACKENDS) {
  describe(`a table that no entity declares, on ${backend.name}`, () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'app-kernel-backup-'));
    let db: Database;
    beforeAll(async () => {
      db = await backend.connect({ entities: [], dataDir, nativeBackup: false });
    });
    afterAll(async () => {
      await db.close();
      await backend.cleanUp();
      rmSync(dataDir, { recursive: true, force: true });
    });

    it('is verified, and comes back as it was, whatever its key', async () => {
      const tables = FOREIGN_TABLES.filter(({ only }) => only === undefined || only === db.engine);
      const before = new Map<string, string[]>();
      for (const table of tables) {
        await makeTable(db, table);
        before.set(table.name, await contentOf(db, table.name));
      }
      const backup = await db.backup();
      expect(backup.rows).toBe(tables.reduce((sum, { rows }) => sum + rows, 0));
      expect(await db.verifyBackup(backup.name)).toMatchObject({ faults: [] });
      await db.restoreFull(backup.name, { confirm: true });
      for (const { name } of tables) expect(await contentOf(db, name), name).toEqual(before.get(name));
      const { '_schema_migrations.csv': _, ...again } = await sums((await db.backup()).path);
      expect(again).toEqual(await sums(backup.path));
    }, 120_000);

    it('is refused where a column holds values of several kinds', async () => {
      if (db.engine !== 'sqlite') return;
      const mixed: ForeignTable = {
        name: 'mixed',
        columns: 'k INT PRIMARY KEY, v',
        rows: 2,
        row: (at) => [at, at === 0 ? 'text' : Buffer.from([255])],
      };
      await makeTable(db, mixed);
      await expect(db.backup()).rejects.toThrow('mixed.v holds values of several kinds (blob, text)');
      expect(await db.listBackups()).toHaveLength(3);
    });
  });
}
