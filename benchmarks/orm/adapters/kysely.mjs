import { Kysely, MysqlDialect, PostgresDialect, SqliteDialect, sql } from 'kysely';
import { createTables, DRIVERS } from '../drivers.mjs';
import { ENCODINGS, storedObject } from '../encodings.mjs';
import { completeRow, REPLACED } from '../rows.mjs';

const DIALECTS = {
  postgres: (pool) => new PostgresDialect({ pool }),
  mysql: (pool) => new MysqlDialect({ pool }),
  sqlite: (database) => new SqliteDialect({ database }),
};

/**
 * A query builder: what JSON and times look like in the database is the program's affair, as in hand-written code.
 * On MySQL and MariaDB it answers no written rows; they are read again.
 */
export async function open(options) {
  const { engine } = options;
  const encoding = ENCODINGS[engine];
  const driver = await DRIVERS[engine](options);
  const db = new Kysely({ dialect: DIALECTS[engine](driver) });

  const stored = (row) => storedObject(row, encoding);
  const orNull = (found) => (found ? encoding.toRow(found) : null);
  const live = () => db.selectFrom('items').selectAll().where('deletedAt', 'is', null);
  const get = async (id) => orNull(await live().where('id', '=', id).executeTakeFirst());

  return {
    create: () => createTables(engine, driver),
    close: () => db.destroy(),
    get,
    async insert(own) {
      const row = completeRow(own);
      await db.insertInto('items').values(stored(row)).execute();
      return row;
    },
    async insertMany(owns) {
      const rows = owns.map(completeRow);
      await db.insertInto('items').values(rows.map(stored)).execute();
      return rows;
    },
    findByCategory: async (category) => (await live().where('category', '=', category).execute()).map(encoding.toRow),
    findAll: async () => (await live().execute()).map(encoding.toRow),
    async count(category) {
      const { count } = await db
        .selectFrom('items')
        .select((eb) => eb.fn.countAll().as('count'))
        .where('category', '=', category)
        .where('deletedAt', 'is', null)
        .executeTakeFirstOrThrow();
      return Number(count);
    },
    async update(id, { price, stock }) {
      const updatedAt = encoding.toStored('updatedAt', new Date());
      const update = db
        .updateTable('items')
        .set({ price, stock, updatedAt, version: sql`version + 1` })
        .where('id', '=', id)
        .where('deletedAt', 'is', null);
      if (engine !== 'mysql') return orNull(await update.returningAll().executeTakeFirst());
      const { numUpdatedRows } = await update.executeTakeFirstOrThrow();
      return numUpdatedRows === 0n ? null : get(id);
    },
    async upsert(own) {
      const insert = db.insertInto('items').values(stored(completeRow(own)));
      const upsert = mergeBySku(engine, insert);
      if (engine !== 'mysql') return orNull(await upsert.returningAll().executeTakeFirst());
      await upsert.execute();
      return orNull(await live().where('sku', '=', own.sku).executeTakeFirst());
    },
  };
}

function mergeBySku(engine, insert) {
  if (engine === 'mysql') {
    const replaced = REPLACED.map((property) => [property, sql`VALUES(${sql.ref(property)})`]);
    return insert.onDuplicateKeyUpdate({ ...Object.fromEntries(replaced), version: sql`version + 1` });
  }
  return insert.onConflict((conflict) =>
    conflict.column('sku').doUpdateSet((eb) => ({
      ...Object.fromEntries(REPLACED.map((property) => [property, eb.ref(`excluded.${property}`)])),
      version: sql`items.version + 1`,
    })),
  );
}
