import { PROPERTIES } from './rows.mjs';

const TYPES = {
  postgres: { text: 'varchar(255)', key: 'varchar(255)', integer: 'integer', json: 'jsonb', time: 'timestamptz(3)' },
  mysql: { text: 'varchar(255)', key: 'varchar(255)', integer: 'int', json: 'longtext', time: 'datetime(3)' },
  // SQLite keeps what it is given: some contestants store a time as text, some as a number.
  sqlite: { text: 'text', key: 'text', integer: 'integer', json: 'text', time: 'datetime' },
};

const KINDS = {
  id: 'key',
  sku: 'key',
  price: 'integer',
  stock: 'integer',
  attributes: 'json',
  createdAt: 'time',
  updatedAt: 'time',
  deletedAt: 'time',
  version: 'integer',
};

function quote(engine, name) {
  return engine === 'mysql' ? `\`${name}\`` : `"${name}"`;
}

/**
 * The tables of every contestant but ours, which makes its own: the same columns, one unique key, one index. Columns are
 * called like properties, so that nobody has to rename anything.
 */
export function tableStatements(engine) {
  const suffix = engine === 'mysql' ? ' CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' : '';
  const table = (name, more) => `CREATE TABLE ${name} (${[...columns(engine), ...more].join(', ')})${suffix}`;
  const id = quote(engine, 'id');
  const version = quote(engine, 'version');
  return [
    table('items', [`PRIMARY KEY (${id})`]),
    'CREATE UNIQUE INDEX items_sku ON items (sku)',
    'CREATE INDEX items_category ON items (category)',
    table('tracked_items', [`PRIMARY KEY (${id})`]),
    table('tracked_items_history', [`PRIMARY KEY (${id}, ${version})`]),
  ];
}

function columns(engine) {
  const types = TYPES[engine];
  return PROPERTIES.map((property) => {
    const type = types[KINDS[property] ?? 'text'];
    const mayBeNull = ['deletedAt', 'createdBy', 'updatedBy'].includes(property);
    return `${quote(engine, property)} ${type}${mayBeNull ? ' NULL' : ' NOT NULL'}`;
  });
}
