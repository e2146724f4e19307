import { DataSource, EntitySchema, EventSubscriber, IsNull } from 'typeorm';
import { createTablesFor, FLUSH_COMMITS, POOL_SIZE } from '../drivers.mjs';
import { completeRow, REPLACED } from '../rows.mjs';

const CONNECTIONS = {
  postgres: ({ url }) => ({ type: 'postgres', url, poolSize: POOL_SIZE }),
  mysql: ({ url }) => ({ type: 'mariadb', url, poolSize: POOL_SIZE, timezone: 'Z' }),
  sqlite: ({ file }) => ({ type: 'better-sqlite3', database: file, enableWAL: true, prepareDatabase: flushCommits }),
};
const TIMES = { postgres: 'timestamptz', mysql: 'datetime', sqlite: 'datetime' };
const JSON_TYPES = { postgres: 'jsonb', mysql: 'simple-json', sqlite: 'simple-json' };

function flushCommits(db) {
  db.exec(FLUSH_COMMITS);
}

class Item {}
class TrackedItem {}
class TrackedItemVersion {}

function schemaOf(engine, target, tableName, versioned = false) {
  const text = { type: String, length: 255 };
  const integer = { type: 'integer' };
  const time = { type: TIMES[engine], precision: engine === 'sqlite' ? undefined : 3 };
  const columns = {
    id: { ...text, primary: true },
    name: text,
    sku: text,
    category: text,
    status: text,
    note: text,
    price: integer,
    stock: integer,
    attributes: { type: JSON_TYPES[engine] },
    createdAt: time,
    updatedAt: time,
    deletedAt: { ...time, nullable: true, deleteDate: true },
    createdBy: { ...text, nullable: true },
    updatedBy: { ...text, nullable: true },
    version: { ...integer, primary: versioned },
  };
  return new EntitySchema({ name: target.name, target, tableName, columns });
}

/** Repositories with the statements that they send directly; `save`, which reads before it writes, only where a subscriber must hear of it. */
export async function open(options) {
  const { engine } = options;
  const source = new DataSource({
    ...CONNECTIONS[engine](options),
    entities: [
      schemaOf(engine, Item, 'items'),
      schemaOf(engine, TrackedItem, 'tracked_items'),
      schemaOf(engine, TrackedItemVersion, 'tracked_items_history', true),
    ],
    subscribers: [HistorySubscriber],
  });
  await source.initialize();
  const items = source.getRepository(Item);
  const tracked = source.getRepository(TrackedItem);
  const inserting = (values) => items.createQueryBuilder().insert().values(values).updateEntity(false);
  const get = (id) => items.findOneBy({ id });

  return {
    create: () => createTablesFor(options),
    close: () => source.destroy(),
    get,
    async insert(own) {
      const row = completeRow(own);
      await inserting(row).execute();
      return row;
    },
    async insertMany(owns) {
      const rows = owns.map(completeRow);
      await inserting(rows).execute();
      return rows;
    },
    findByCategory: (category) => items.findBy({ category }),
    findAll: () => items.find(),
    count: (category) => items.countBy({ category }),
    async update(id, { price, stock }) {
      const update = items
        .createQueryBuilder()
        .update()
        .set({ price, stock, updatedAt: new Date(), version: () => 'version + 1' })
        .where({ id, deletedAt: IsNull() })
        .updateEntity(false);
      if (engine === 'postgres') return (await update.returning('*').execute()).raw[0] ?? null;
      const { affected } = await update.execute();
      return affected === 0 ? null : get(id);
    },
    async upsert(own) {
      await inserting(completeRow(own)).orUpdate(REPLACED, ['sku']).execute();
      return items.findOneBy({ sku: own.sku });
    },
    insertTracked: (own) => tracked.save(tracked.create(completeRow(own))),
    async updateTracked(id, changes) {
      const row = await tracked.findOneBy({ id });
      return tracked.save(Object.assign(row, changes, { updatedAt: new Date(), version: row.version + 1 }));
    },
    countVersions: (id) => source.getRepository(TrackedItemVersion).countBy({ id }),
  };
}

/** Keeps every version of a tracked row, in the transaction of `save`. */
class HistorySubscriber {
  listenTo() {
    return TrackedItem;
  }

  afterInsert({ manager, entity }) {
    return manager.insert(TrackedItemVersion, { ...entity });
  }

  afterUpdate({ manager, entity }) {
    return manager.insert(TrackedItemVersion, { ...entity });
  }
}
EventSubscriber()(HistorySubscriber);
