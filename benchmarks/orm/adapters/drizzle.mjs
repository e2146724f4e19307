import { and, count, eq, isNull, sql } from 'drizzle-orm';
import { createTables, DRIVERS } from '../drivers.mjs';
import { completeRow, PROPERTIES, REPLACED } from '../rows.mjs';
import { itemsTable } from './drizzle-tables.mjs';

const MODULES = {
  postgres: () => import('drizzle-orm/node-postgres'),
  mysql: () => import('drizzle-orm/mysql2'),
  sqlite: () => import('drizzle-orm/better-sqlite3'),
};

/** Every query is built anew for each call. */
export function open(options) {
  return openDrizzle(options, (build) => (values) => build(values).execute());
}

/** Every query is built and prepared once. */
export function openPrepared(options) {
  return openDrizzle(options, prepareOnce);
}

/** A query that is built once with a placeholder for each value that its calls give. */
function prepareOnce(build, name) {
  let prepared;
  return (values) => {
    prepared ??= build(placeholdersFor(values)).prepare(name);
    return prepared.execute(values);
  };
}

/** Drizzle cannot give NULL to a placeholder of a time; what is NULL in every call is part of the query. */
function placeholdersFor(values) {
  const placeholder = ([key, value]) => [key, value === null ? null : sql.placeholder(key)];
  return Object.fromEntries(Object.entries(values).map(placeholder));
}

async function openDrizzle(options, statement) {
  const { engine } = options;
  const driver = await DRIVERS[engine](options);
  const { drizzle } = await MODULES[engine]();
  const db = drizzle({ client: driver });
  const items = itemsTable(engine);
  const queries = queriesOn(engine, db, items, statement);
  const get = async (id) => (await queries.get({ id }))[0] ?? null;

  return {
    create: () => createTables(engine, driver),
    close: () => (engine === 'sqlite' ? driver.close() : driver.end()),
    get,
    async insert(own) {
      const row = completeRow(own);
      await queries.insert(row);
      return row;
    },
    async insertMany(owns) {
      const rows = owns.map(completeRow);
      await db.insert(items).values(rows);
      return rows;
    },
    findByCategory: (category) => queries.find({ category }),
    findAll: () => queries.all({}),
    count: async (category) => (await queries.count({ category }))[0].count,
    async update(id, { price, stock }) {
      const answer = await queries.update({ id, price, stock, updatedAt: new Date() });
      if (engine !== 'mysql') return answer[0] ?? null;
      return answer[0].affectedRows === 0 ? null : get(id);
    },
    async upsert(own) {
      const answer = await queries.upsert(completeRow(own));
      return engine === 'mysql' ? (await queries.bySku({ sku: own.sku }))[0] : answer[0];
    },
  };
}

/** Drizzle answers written rows on PostgreSQL and SQLite; on MySQL and MariaDB they are read again. */
function queriesOn(engine, db, items, statement) {
  const live = isNull(items.deletedAt);
  const answering = (query) => (engine === 'mysql' ? query : query.returning());
  const insert = (row) => db.insert(items).values(Object.fromEntries(PROPERTIES.map((key) => [key, row[key]])));
  const merge = mergeOn(engine, items);
  return {
    get: statement(
      ({ id }) =>
        db
          .select()
          .from(items)
          .where(and(eq(items.id, id), live)),
      'get',
    ),
    find: statement(
      ({ category }) =>
        db
          .select()
          .from(items)
          .where(and(eq(items.category, category), live)),
      'find',
    ),
    bySku: statement(({ sku }) => db.select().from(items).where(eq(items.sku, sku)), 'by_sku'),
    all: statement(() => db.select().from(items).where(live), 'all'),
    count: statement(
      ({ category }) =>
        db
          .select({ count: count() })
          .from(items)
          .where(and(eq(items.category, category), live)),
      'count',
    ),
    insert: statement(insert, 'insert'),
    update: statement(
      ({ id, price, stock, updatedAt }) =>
        answering(
          db
            .update(items)
            .set({ price, stock, updatedAt, version: sql`${items.version} + 1` })
            .where(and(eq(items.id, id), live)),
        ),
      'update',
    ),
    upsert: statement((row) => answering(merge(insert(row))), 'upsert'),
  };
}

function mergeOn(engine, items) {
  const inserted = (property) =>
    engine === 'mysql' ? sql`VALUES(${items[property]})` : sql.raw(`excluded."${property}"`);
  const set = {
    ...Object.fromEntries(REPLACED.map((property) => [property, inserted(property)])),
    version: sql`${items.version} + 1`,
  };
  if (engine === 'mysql') return (insert) => insert.onDuplicateKeyUpdate({ set });
  return (insert) => insert.onConflictDoUpdate({ target: items.sku, set });
}
