import * as mysql from 'drizzle-orm/mysql-core';
import * as postgres from 'drizzle-orm/pg-core';
import * as sqlite from 'drizzle-orm/sqlite-core';

/** MariaDB gives JSON as text, which Drizzle's own type for MySQL would leave as it is. */
const jsonText = mysql.customType({
  dataType: () => 'longtext',
  toDriver: (value) => JSON.stringify(value),
  fromDriver: (text) => JSON.parse(text),
});

const postgresText = () => postgres.varchar({ length: 255 });
const mysqlText = () => mysql.varchar({ length: 255 });

const TYPES = {
  postgres: {
    table: postgres.pgTable,
    text: postgresText,
    integer: () => postgres.integer(),
    json: () => postgres.jsonb(),
    time: () => postgres.timestamp({ withTimezone: true, precision: 3 }),
  },
  mysql: {
    table: mysql.mysqlTable,
    text: mysqlText,
    integer: () => mysql.int(),
    json: () => jsonText(),
    time: () => mysql.datetime({ fsp: 3 }),
  },
  sqlite: {
    table: sqlite.sqliteTable,
    text: () => sqlite.text(),
    integer: () => sqlite.integer(),
    json: () => sqlite.text({ mode: 'json' }),
    time: () => sqlite.integer({ mode: 'timestamp_ms' }),
  },
};

/** The table `items` as Drizzle declares it. */
export function itemsTable(engine) {
  const { table, text, integer, json, time } = TYPES[engine];
  return table('items', {
    id: text().primaryKey(),
    name: text().notNull(),
    sku: text().notNull().unique(),
    category: text().notNull(),
    status: text().notNull(),
    note: text().notNull(),
    price: integer().notNull(),
    stock: integer().notNull(),
    attributes: json().notNull(),
    createdAt: time().notNull(),
    updatedAt: time().notNull(),
    deletedAt: time(),
    createdBy: text(),
    updatedBy: text(),
    version: integer().notNull(),
  });
}
