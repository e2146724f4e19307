import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/orm/index.js';
import { dropOpened, FILES, openFresh } from './opened-databases.js';

afterAll(dropOpened);

/** What references comes before what is referenced, in the order of names. */
const TABLES = [
  'CREATE TABLE z_parents (code INT PRIMARY KEY, kind INT NOT NULL, mail VARCHAR(20) UNIQUE, UNIQUE (kind, code))',
  'CREATE TABLE children (k INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES z_parents (code) ON DELETE CASCADE)',
  `CREATE TABLE grandchildren (k INT PRIMARY KEY, x INT, y INT,
    FOREIGN KEY (x, y) REFERENCES z_parents (kind, code) ON DELETE CASCADE ON UPDATE CASCADE)`,
  "INSERT INTO z_parents VALUES (1, 5, 'a'), (2, 6, 'b')",
  'INSERT INTO children VALUES (1, 1), (2, NULL)',
  'INSERT INTO grandchildren VALUES (1, 5, 1), (2, NULL, 99)',
];

async function expectRules(db: Database, where: string): Promise<void> {
  const refused: Array<[string, string]> = [
    ["INSERT INTO z_parents VALUES (3, 7, 'a')", 'unique'],
    ['INSERT INTO children VALUES (3, 99)', 'foreign_key'],
    ['INSERT INTO grandchildren VALUES (3, 6, 1)', 'foreign_key'],
  ];
  for (const [sql, kind] of refused) await expect(db.execute(sql), `${where}: ${sql}`).rejects.toMatchObject({ kind });
  await db.execute('UPDATE z_parents SET kind = 8 WHERE code = 1');
  expect(await db.query('SELECT x FROM grandchildren WHERE k = 1'), where).toEqual([{ x: 8 }]);
  await db.execute('DELETE FROM z_parents WHERE code = 1');
  expect(await db.query('SELECT k FROM children'), where).toEqual([{ k: 2 }]);
}

describe.each(FILES)('references and unique columns of tables of others, on $name', ({ name: from }) => {
  it('hold after a restore as well, on every engine', async () => {
    const [db, dataDir] = await openFresh(from);
    for (const sql of TABLES) await db.execute(sql);
    const backup = await db.backup();
    expect(await db.restoreFull(backup.name, { confirm: true })).toMatchObject({ lost: [] });
    await db.restoreFull(backup.name, { confirm: true }); // names of rules are those of the first one by now
    for (const { name: to } of FILES) {
      const [target, there] = to === from ? [db, dataDir] : await openFresh(to);
      if (to !== from)
        await cp(join(dataDir, 'backups', backup.name), join(there, 'backups', backup.name), { recursive: true });
      await target.restoreFull(backup.name, { confirm: true });
      await expectRules(target, `${from} → ${to}`);
    }
  }, 60_000);
});
