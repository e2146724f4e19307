import { afterEach, describe, expect, it } from 'vitest';
import { type Database, Entity, type EntityTarget, Field, Model } from '../../../src/orm/index.js';
import { BACKENDS } from '../backends.js';

@Entity({ table: 'places' })
class Place extends Model {
  @Field({ type: 'string' }) town?: string | null;
}

@Entity({ table: 'parts' })
class Part extends Model {
  @Field({ type: 'string', length: 20, nullable: false }) label!: string;
  @Field({ type: 'integer' }) size?: number | null;
  @Field({ type: 'string', references: () => Place, onDelete: 'cascade' }) placeId?: string | null;
}

/** Changes for which SQLite has to replace the table. */
@Entity({ table: 'parts' })
class StricterPart extends Model {
  @Field({ type: 'string', length: 40, nullable: false }) label!: string;
  @Field({ type: 'integer', nullable: false, default: 1, check: '[size] < 100' }) size!: number;
  @Field({ type: 'string' }) placeId?: string | null;
}

/** What somebody put on the table by hand, besides two columns: `code`, which is unique, and `town_id`. */
const RULES = [
  'CONSTRAINT long_enough CHECK (size > 0)',
  'UNIQUE (label, size)',
  'CONSTRAINT of_town FOREIGN KEY (town_id) REFERENCES places (id) ON DELETE CASCADE',
  "CHECK (label <> 'a) \"b' OR size = 1)",
];

/** SQLite has no other way to put rules on a table than to write its whole statement anew. */
async function addByHand(db: Database): Promise<void> {
  const columns = ['code VARCHAR(9) UNIQUE', 'town_id VARCHAR(255)'];
  if (db.engine === 'mariadb') columns[1] += ' COLLATE utf8mb4_nopad_bin';
  if (db.engine === 'postgresql') columns[1] += ' COLLATE "C"';
  if (db.engine !== 'sqlite') {
    const additions = [...columns.map((column) => `ADD COLUMN ${column}`), ...RULES.map((rule) => `ADD ${rule}`)];
    await db.execute(`ALTER TABLE parts ${additions.join(', ')}`);
    return;
  }
  const written = await db.query<{ type: string; sql: string }>(
    "SELECT type, sql FROM sqlite_schema WHERE tbl_name = 'parts' AND sql IS NOT NULL ORDER BY rowid",
  );
  const [table, ...others] = written.map(({ sql }) => sql.replaceAll('?', '??').replaceAll('[', '[['));
  const [, columnsOfAll = '', rulesOfAll = ''] = /^(.+?)(,\s*PRIMARY KEY.+)\)$/s.exec(table ?? '') ?? [];
  await db.execute('DROP TABLE parts');
  await db.execute(`${columnsOfAll}, ${columns.join(', ')}${rulesOfAll}, ${RULES.join(', ')})`);
  for (const sql of others) await db.execute(sql);
}

for (const backend of BACKENDS.filter(({ reconnect }) => reconnect)) {
  describe(`rules that others gave a table, on ${backend.name}`, () => {
    const opened: Database[] = [];
    afterEach(async () => {
      for (const db of opened.splice(0)) await db.close();
      await backend.cleanUp();
    });
    const migrated = async (entities: EntityTarget[], allowDrops: string[] = []): Promise<Database> => {
      const [first] = opened;
      const db = (await (first ? backend.reconnect?.(first, { entities }) : backend.connect({ entities }))) as Database;
      opened.push(db);
      await db.migrate({ allowDrops });
      return db;
    };

    it('hold after a migration as before, and those that an entity no longer declares do not', async () => {
      await addByHand(await migrated([Place, Part]));
      const db = await migrated([Place, StricterPart]);
      expect((await db.plan()).steps).toEqual([]);
      const place = await Place.save({ town: 't' }, { db });
      const insert = (label: string, size: number, code: string, town: string): Promise<number> =>
        db.execute(
          'INSERT INTO parts (id, created_at, updated_at, _version, label, size, code, town_id) ' +
            'SELECT ?, created_at, updated_at, 1, ?, ?, ?, ? FROM places',
          [`id ${label} ${size}`, label, size, code, town],
        );
      await insert('x', 2, 'c', place.id);
      const refused: Array<[[string, number, string, string], string]> = [
        [['y', 0, 'd', place.id], 'check'],
        [['a) "b', 2, 'd', place.id], 'check'],
        [['y', 100, 'd', place.id], 'check'],
        [['x', 2, 'd', place.id], 'unique'],
        [['y', 2, 'c', place.id], 'unique'],
        [['y', 2, 'd', 'nowhere'], 'foreign_key'],
      ];
      for (const [row, kind] of refused)
        await expect(insert(...row), JSON.stringify(row)).rejects.toMatchObject({ kind });
      await StricterPart.save({ label: 'z', placeId: 'nowhere, for it is no reference any more' }, { db });
      await db.execute('DELETE FROM places');
      expect(await StricterPart.count({ where: { label: 'x' }, db })).toBe(0);
    });

    it('hold where they are part of a column that changes', async () => {
      const first = await migrated([Place, Part]);
      const required = first.engine === 'sqlite' ? 'NOT NULL DEFAULT 1' : 'NOT NULL';
      await first.execute(`ALTER TABLE parts ADD COLUMN height INT ${required} CHECK (height > 0)`);
      const db = await migrated([Place, StricterPart]);
      expect((await db.plan()).steps).toEqual([]);
      await StricterPart.save({ label: 'x' }, { db });
      await expect(db.execute('UPDATE parts SET height = 0')).rejects.toMatchObject({ kind: 'check' });
      expect(await db.execute('UPDATE parts SET height = 2')).toBe(1);
    });

    it('go with the columns that they are about', async () => {
      await addByHand(await migrated([Place, Part]));
      const [first] = opened;
      await first?.execute('CREATE INDEX by_size ON parts (size)');
      @Entity({ table: 'parts' })
      class Bare extends Model {
        @Field({ type: 'string', length: 20, nullable: false }) label!: string;
      }
      const dropped = ['parts.size', 'parts.code', 'parts.town_id', 'parts.place_id'];
      const db = await migrated([Place, Bare], [...dropped, 'parts_history.size', 'parts_history.place_id']);
      expect((await db.plan()).steps).toEqual([]);
      expect((await db.orphans()).orphanColumns).toEqual({});
      await Bare.save({ label: 'x' }, { db });
      await Bare.save({ label: 'x' }, { db });
    });
  });
}
