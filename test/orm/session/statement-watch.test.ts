import { expect, it } from 'vitest';
import type { Connection, Driver } from '../../../src/orm/dialect/driver.js';
import { DatabaseCore } from '../../../src/orm/session/database-core.js';
import { sqliteDialect } from '../../../src/orm/sqlite/dialect.js';

const connection: Connection = {
  all: async () => [],
  objects: async () => [],
  async *cursor() {},
  run: async () => 0,
  begin: async () => {},
  commit: async () => {},
  rollback: async () => {},
};

function fresh() {
  const released: Connection[] = [];
  const driver: Driver = {
    stats: () => ({ size: 1, idle: 1, inUse: 0, waiting: 0 }),
    purposeOf: () => 'read',
    acquire: () => connection,
    release: (given) => void released.push(given),
    cancel: async () => {},
    close: async () => {},
  };
  return { core: new DatabaseCore({ dialect: sqliteDialect, driver, volatile: true }, {}), released };
}

it('puts nothing between a statement and its connection while nobody listens', async () => {
  const { core } = fresh();
  expect(await core.connections.acquire('read')).toBe(connection);
  const off = core.watch.onQuery.add(() => {});
  expect(await core.connections.acquire('read')).not.toBe(connection);
  off();
  expect(await core.connections.acquire('read')).toBe(connection);
});

it('gives the driver its own connection back', async () => {
  const { core, released } = fresh();
  core.watch.onQuery.add(() => {});
  await core.all('SELECT 1', []);
  await core.run('UPDATE x', []);
  expect(released).toEqual([connection, connection]);
});
