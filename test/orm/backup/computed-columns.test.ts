import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { connect, type Database, Entity, Field, Model } from '../../../src/orm/index.js';
import { freshDatabase, SQL_BACKENDS, type TestDatabase } from '../../setup/sql-backends.js';

const FILES = SQL_BACKENDS.filter(({ name }) => name !== 'sqlite-memory');

@Entity({ table: 'offers' })
class Offer extends Model {
  @Field({ type: 'integer', nullable: false }) net!: number;
}

const databases: TestDatabase[] = [];
const opened: Database[] = [];
const open = async (
  name: (typeof FILES)[number]['name'],
  entities: (typeof Offer)[] = [],
): Promise<[Database, string]> => {
  const database = await freshDatabase(name);
  databases.push(database);
  const { url, dataDir } = database;
  const db = await connect(url, { entities, dataDir, nativeBackup: false });
  opened.push(db);
  return [db, dataDir];
};
afterAll(async () => {
  for (const db of opened) await db.close();
  for (const database of databases) await database.drop();
});

/** SQLite adds no column whose values are kept in the rows. */
const KEPT: Readonly<Record<string, readonly [string, string]>> = { 'sqlite-file': ['STORED', 'VIRTUAL'] };
const CREATE = `CREATE TABLE prices (k INT PRIMARY KEY, net INT, gross INT GENERATED ALWAYS AS (net + 7) STORED)`;
const grossOf = async (db: Database): Promise<number[]> =>
  (await db.query<{ gross: number }>('SELECT gross FROM prices ORDER BY k')).map(({ gross }) => Number(gross));

describe.each(FILES)('a column that $name computes', ({ name: from }) => {
  it('is computed after a restore as well, and on another engine the answer says that it is not', async () => {
    const [db, dataDir] = await open(from);
    await db.execute(CREATE);
    await db.execute('INSERT INTO prices (k, net) VALUES (1, 10), (2, 20)');
    const backup = await db.backup();
    expect(await db.verifyBackup(backup.name)).toMatchObject({ faults: [] });
    expect(await db.restoreFull(backup.name)).toMatchObject({ dryRun: true, lost: [] });
    expect(await db.restoreFull(backup.name, { confirm: true })).toMatchObject({ lost: [] });
    await db.execute('UPDATE prices SET net = 30 WHERE k = 1');
    expect(await grossOf(db)).toEqual([37, 27]);

    for (const { name: to } of FILES.filter(({ name }) => name !== from)) {
      const [other, there] = await open(to);
      await cp(join(dataDir, 'backups', backup.name), join(there, 'backups', backup.name), { recursive: true });
      const lost = [
        expect.stringMatching(/^prices\.gross is no longer computed, but keeps its values; it was .*net.* 7/),
      ];
      expect(await other.restoreFull(backup.name)).toMatchObject({ dryRun: true, lost });
      expect(await other.restoreFull(backup.name, { confirm: true })).toMatchObject({ lost });
      expect(await grossOf(other)).toEqual([17, 27]);
    }
  }, 60_000);

  it('of a table that an entity declares is left to the engine by an import', async () => {
    const [db] = await open(from, [Offer]);
    await db.migrate();
    await db.execute(
      'ALTER TABLE offers ADD COLUMN gross INT GENERATED ALWAYS AS (net + 7) STORED'.replace(
        ...(KEPT[from] ?? ['', '']),
      ),
    );
    const { id } = await Offer.save({ net: 10 }, { db });
    const backup = await db.backup();
    await Offer.update(id, { net: 20 }, { db });
    expect(await db.restoreCsv(backup.name, { tables: ['offers'], confirm: true })).toMatchObject({ ok: true });
    expect(await db.query('SELECT net, gross FROM offers')).toEqual([{ net: 10, gross: 17 }]);
  });

  const others = FILES.filter(({ name }) => name === (from === 'postgres' ? 'sqlite-file' : 'postgres'));
  it.each(others)('names what else of a table has no words on $name', async ({ name: to }) => {
    const [db, dataDir] = await open(from);
    const length = from === 'mysql' ? 'char_length' : 'length';
    const now = 'CURRENT_TIMESTAMP';
    await db.execute(
      `CREATE TABLE noted (k INT PRIMARY KEY, at TIMESTAMP DEFAULT ${now}, v VARCHAR(9), CONSTRAINT "ck" CHECK (${length}(v) > 1))`.replaceAll(
        '"',
        from === 'mysql' ? '`' : '"',
      ),
    );
    const backup = await db.backup();
    expect(await db.restoreFull(backup.name)).toMatchObject({ lost: [] });
    const [other, there] = await open(to);
    await cp(join(dataDir, 'backups', backup.name), join(there, 'backups', backup.name), { recursive: true });
    const { lost } = await other.restoreFull(backup.name);
    expect(lost).toEqual([
      expect.stringMatching(/^noted\.at has no default; it was current_timestamp/i),
      expect.stringMatching(/^noted\.ck no longer checks rows; it was .*length/),
    ]);
  });
});
