import { EntityCaseNamingStrategy, EntitySchema, JsonType, MikroORM, raw } from '@mikro-orm/core';
import { createTablesFor, FLUSH_COMMITS, POOL_SIZE, WAL } from '../drivers.mjs';
import { completeRow, REPLACED } from '../rows.mjs';

const CONNECTIONS = {
  async postgres({ url }) {
    const { PostgreSqlDriver } = await import('@mikro-orm/postgresql');
    return { driver: PostgreSqlDriver, clientUrl: url };
  },
  async mysql({ url }) {
    const { MariaDbDriver } = await import('@mikro-orm/mariadb');
    return { driver: MariaDbDriver, clientUrl: url };
  },
  async sqlite({ file }) {
    const { BetterSqliteDriver } = await import('@mikro-orm/better-sqlite');
    return { driver: BetterSqliteDriver, dbName: file };
  },
};

/** MariaDB gives JSON as text, which the driver's own type would leave as it is. */
class JsonText extends JsonType {
  convertToJSValue(value) {
    return typeof value === 'string' ? JSON.parse(value) : value;
  }
}

class Item {}
class TrackedItem {}
class TrackedItemVersion {}

function schemaOf(entity, tableName, versioned = false) {
  const text = { type: 'string' };
  const integer = { type: 'integer' };
  const time = { type: 'datetime', length: 3 };
  return new EntitySchema({
    class: entity,
    tableName,
    properties: {
      id: { ...text, primary: true },
      name: text,
      sku: { ...text, unique: true },
      category: text,
      status: text,
      note: text,
      price: integer,
      stock: integer,
      attributes: { type: JsonText },
      createdAt: time,
      updatedAt: time,
      deletedAt: { ...time, nullable: true },
      createdBy: { ...text, nullable: true },
      updatedBy: { ...text, nullable: true },
      version: { ...integer, primary: versioned },
    },
  });
}

/** Reads rows and leaves them out of the identity map. */
const DETACHED = { disableIdentityMap: true };

/** Statements sent directly wherever the entity manager has them; the unit of work only where a hook must hear of a change. */
export async function open(options) {
  const { engine } = options;
  const orm = await MikroORM.init({
    ...(await CONNECTIONS[engine](options)),
    ...(engine !== 'sqlite' && { pool: { min: 0, max: POOL_SIZE } }),
    entities: [
      schemaOf(Item, 'items'),
      schemaOf(TrackedItem, 'tracked_items'),
      schemaOf(TrackedItemVersion, 'tracked_items_history', true),
    ],
    namingStrategy: EntityCaseNamingStrategy,
    forceUtcTimezone: true,
    subscribers: [new HistorySubscriber()],
  });
  for (const pragma of engine === 'sqlite' ? [WAL, FLUSH_COMMITS] : []) await orm.em.getConnection().execute(pragma);
  const manager = () => orm.em.fork();
  const get = (id) => manager().findOne(Item, { id, deletedAt: null }, DETACHED);

  return {
    create: () => createTablesFor(options),
    close: () => orm.close(),
    get,
    async insert(own) {
      const row = completeRow(own);
      await manager().insert(Item, row);
      return row;
    },
    async insertMany(owns) {
      const rows = owns.map(completeRow);
      await manager().insertMany(Item, rows);
      return rows;
    },
    findByCategory: (category) => manager().find(Item, { category, deletedAt: null }, DETACHED),
    findAll: () => manager().find(Item, { deletedAt: null }, DETACHED),
    count: (category) => manager().count(Item, { category, deletedAt: null }),
    async update(id, { price, stock }) {
      const changes = { price, stock, updatedAt: new Date(), version: raw('version + 1') };
      const updated = await manager().nativeUpdate(Item, { id, deletedAt: null }, changes);
      return updated === 0 ? null : get(id);
    },
    async upsert(own) {
      await manager().upsert(Item, completeRow(own), {
        onConflictFields: ['sku'],
        onConflictMergeFields: REPLACED,
        disableIdentityMap: true,
      });
      return manager().findOne(Item, { sku: own.sku }, DETACHED);
    },
    async insertTracked(own) {
      const em = manager();
      const row = em.create(TrackedItem, completeRow(own));
      await em.flush();
      return row;
    },
    async updateTracked(id, changes) {
      const em = manager();
      const row = await em.findOneOrFail(TrackedItem, id);
      em.assign(row, { ...changes, updatedAt: new Date(), version: row.version + 1 });
      await em.flush();
      return row;
    },
    countVersions: (id) => manager().count(TrackedItemVersion, { id }),
  };
}

/** Keeps every version of a tracked row, in the transaction of the flush. */
class HistorySubscriber {
  onFlush({ uow, em }) {
    for (const { entity } of uow.getChangeSets()) {
      if (entity instanceof TrackedItem)
        uow.computeChangeSet(em.create(TrackedItemVersion, { ...entity }, { persist: false }));
    }
  }
}
