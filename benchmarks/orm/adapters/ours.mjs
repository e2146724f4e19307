import { connect } from '../../../dist/orm/index.js';
import { declareItem } from '../entities.mjs';

/** Entities of its own for each database: a verb runs on the newest one that lists its entity, which may be the distant one. */
export async function open({ url }) {
  const Item = declareItem('items', { history: false });
  const TrackedItem = declareItem('tracked_items', { history: true });
  const db = await connect(url, { entities: [Item, TrackedItem], poolSize: 10 });
  const on = { db }; // a process has two of these open, one of them 2 ms away
  return {
    create: () => db.migrate(),
    close: () => db.close(),
    insert: (own) => Item.save(own, on),
    insertMany: (rows) => Item.saveMany(rows, on),
    get: (id) => Item.get(id, on),
    findByCategory: (category) => Item.find({ where: { category }, ...on }),
    findAll: () => Item.find(on),
    count: (category) => Item.count({ where: { category }, ...on }),
    update: (id, changes) => Item.update(id, changes, on),
    upsert: (own) => Item.save(own, { matchBy: 'sku', ...on }),
    insertTracked: (own) => TrackedItem.save(own, on),
    updateTracked: (id, changes) => TrackedItem.update(id, changes, on),
    countVersions: async (id) => (await TrackedItem.history(id, on)).length,
  };
}
