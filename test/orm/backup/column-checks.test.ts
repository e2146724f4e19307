import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { manifestText, schemaHash } from '../../../src/orm/backup/manifest/manifest.js';
import { parseManifest } from '../../../src/orm/backup/manifest/read-manifest.js';
import type { Database } from '../../../src/orm/index.js';
import { manifestFor, NAME } from './archive/hostile-zip.js';
import { dropOpened, FILES, openFresh } from './opened-databases.js';

afterAll(dropOpened);

/** A JSON column of MariaDB is a text with a check of its own. */
const TABLE = `CREATE TABLE seals (k INT PRIMARY KEY, doc JSON, v VARCHAR(20) NOT NULL CHECK (v <> 'it''s \\n'),
  n INT CHECK (n BETWEEN 0 AND 9), twice INT GENERATED ALWAYS AS (n * 2) STORED CHECK (twice <> 8))`;

const insert = (db: Database, k: number, doc: string, v: string, n: number): Promise<unknown> =>
  db.execute('INSERT INTO seals (k, doc, v, n) VALUES (?, ?, ?, ?)', [k, doc, v, n]);

async function expectChecks(db: Database): Promise<void> {
  for (const [doc, v, n] of [
    ['no JSON', 'x', 1],
    ['{}', "it's \\n", 1],
    ['{}', 'x', 10],
    ['{}', 'x', 4],
  ] as const)
    await expect(insert(db, 2, doc, v, n), `${doc} ${v} ${n}`).rejects.toThrow();
  await insert(db, 2, '[]', 'y', 9);
  await db.execute('DELETE FROM seals WHERE k = 2');
}

describe.each(FILES.filter(({ name }) => name === 'mysql'))(
  'checks that are part of a column, on $name',
  ({ name }) => {
    it('hold after a restore as well, and on another engine the answer says that they do not', async () => {
      const [db, dataDir] = await openFresh(name);
      await db.execute(TABLE);
      await insert(db, 1, '{"b": 1, "a": 2}', 'x', 1);
      await expectChecks(db);
      const backup = await db.backup();
      expect(await db.verifyBackup(backup.name)).toMatchObject({ faults: [] });
      for (const _ of [1, 2]) {
        expect(await db.restoreFull(backup.name, { confirm: true })).toMatchObject({ lost: [] });
        await expectChecks(db);
      }
      for (const { name: to } of FILES.filter((backend) => backend.name !== name)) {
        const [other, there] = await openFresh(to);
        await cp(join(dataDir, 'backups', backup.name), join(there, 'backups', backup.name), { recursive: true });
        const { lost } = await other.restoreFull(backup.name);
        expect((await other.restoreFull(backup.name, { confirm: true })).lost).toEqual(lost);
        if (db.engine === 'mariadb')
          expect(lost).toEqual([
            'seals.doc no longer checks its values; it was json_valid("doc") (mariadb)',
            `seals.v no longer checks its values; it was "v" <> 'it''s \\n' (mariadb)`,
            'seals.n no longer checks its values; it was "n" between 0 and 9 (mariadb)',
            'seals.twice is no longer computed, but keeps its values; it was "n" * 2 (mariadb)',
            'seals.twice no longer checks its values; it was "twice" <> 8 (mariadb)',
          ]);
        else expect(lost.filter((sentence) => sentence.includes('no longer checks'))).toHaveLength(3);
        await insert(other, 2, '{}', 'x', 10);
      }
    }, 60_000);
  },
);

it('is refused where a check of a column leaves its parentheses', () => {
  const checked = (sql: string): string => {
    const { sha256: _, format: __, schema, ...manifest } = JSON.parse(manifestFor('id,text\n', 0));
    const [table] = schema;
    const columns = table.columns.map((column: object) => ({ ...column, check: { engine: 'mariadb', sql } }));
    const changed = [{ ...table, columns }];
    return manifestText({ ...manifest, schema: changed, schemaHash: schemaHash(changed) });
  };
  expect(parseManifest(checked('id > (1)'), NAME).schema).toHaveLength(1);
  for (const sql of ['1) DEFAULT (2', '1; DROP TABLE notes', "id <> 'a"])
    expect(() => parseManifest(checked(sql), NAME), sql).toThrow(`The manifest of ${NAME} is not one`);
});
