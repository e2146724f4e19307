import { DataTypes, Sequelize } from 'sequelize';
import { createTablesFor, POOL_SIZE } from '../drivers.mjs';
import { ENCODINGS } from '../encodings.mjs';
import { completeRow, REPLACED } from '../rows.mjs';

const TEXT = DataTypes.STRING;
const INTEGER = DataTypes.INTEGER;
const TIME = DataTypes.DATE(3);

/** Plain objects, which is how it is fastest: instances cost it two to five times as much. */
const PLAIN = { raw: true };

export async function open(options) {
  const { engine, url } = options;
  if (engine === 'sqlite')
    throw new Error('it runs on the package sqlite3 only, whose install script downloads or compiles a binary');
  const sequelize = new Sequelize(url, { logging: false, pool: { max: POOL_SIZE } });
  const Item = sequelize.define('Item', columnsOn(engine), { tableName: 'items', timestamps: false });
  const { toRow } = ENCODINGS[engine];
  const orNull = (stored) => (stored ? toRow(stored) : null);
  const get = async (id) => orNull(await Item.findOne({ where: { id, deletedAt: null }, ...PLAIN }));

  return {
    create: () => createTablesFor(options),
    close: () => sequelize.close(),
    get,
    async insert(own) {
      const row = completeRow(own);
      await Item.create(row, { returning: false, ...PLAIN });
      return row;
    },
    async insertMany(owns) {
      const rows = owns.map(completeRow);
      await Item.bulkCreate(rows, { returning: false });
      return rows;
    },
    findByCategory: async (category) =>
      (await Item.findAll({ where: { category, deletedAt: null }, ...PLAIN })).map(toRow),
    findAll: async () => (await Item.findAll({ where: { deletedAt: null }, ...PLAIN })).map(toRow),
    count: (category) => Item.count({ where: { category, deletedAt: null } }),
    async update(id, { price, stock }) {
      const [updated, rows] = await Item.update(
        { price, stock, updatedAt: new Date(), version: sequelize.literal('version + 1') },
        { where: { id, deletedAt: null }, returning: engine === 'postgres', ...PLAIN },
      );
      if (updated === 0) return null;
      return engine === 'postgres' ? rows[0] : get(id);
    },
    async upsert(own) {
      const row = completeRow(own);
      const fields = { updateOnDuplicate: REPLACED, fields: REPLACED, conflictFields: ['sku'] };
      await Item.upsert(row, { ...fields, returning: false });
      return orNull(await Item.findOne({ where: { sku: own.sku }, ...PLAIN }));
    },
  };
}

function columnsOn(engine) {
  return {
    id: { type: TEXT, primaryKey: true },
    name: TEXT,
    sku: { type: TEXT, unique: true },
    category: TEXT,
    status: TEXT,
    note: TEXT,
    price: INTEGER,
    stock: INTEGER,
    attributes: engine === 'postgres' ? DataTypes.JSONB : DataTypes.JSON,
    createdAt: TIME,
    updatedAt: TIME,
    deletedAt: TIME,
    createdBy: TEXT,
    updatedBy: TEXT,
    version: INTEGER,
  };
}
