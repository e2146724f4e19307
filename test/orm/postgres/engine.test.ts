import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { connect, SchemaError } from '../../../src/orm/index.js';
import { describeAborting } from '../servers/aborting.js';
import { describeLanes } from '../servers/lanes.js';
import { describeManyWriters } from '../servers/many-writers.js';
import { describeOutages } from '../servers/outages.js';
import { ownDatabase, serversOf } from '../servers/own-database.js';
import { describeConnections } from './connections.js';
import { describeMigrations } from './migrations.js';
import { describeStreams } from './streams.js';
import { describeValues } from './values.js';

it('asks for a database name, without repeating a password', async () => {
  const nameless = connect('postgresql://me:hush-hush@localhost', { entities: [] });
  await expect(nameless).rejects.toBeInstanceOf(SchemaError);
  await expect(nameless).rejects.toThrow(/names no database/);
  await expect(nameless).rejects.not.toThrow(/hush-hush/);
});

it('refuses a URL that cannot be read, without repeating a password', async () => {
  const error = await connect('postgresql://me:hush-hush@localhost:99999/shop', {}).catch((fault: unknown) => fault);
  expect(error).toBeInstanceOf(SchemaError);
  expect(inspect(error)).toContain('cannot be read; write postgresql://');
  expect(inspect(error)).not.toContain('hush-hush');
});

it('says where it looked for a server, and what to do', async () => {
  const error = await connect('postgresql://me:hush-hush@127.0.0.1:1/shop', {}).catch((fault: unknown) => fault);
  expect(String(error)).toContain('(connect ECONNREFUSED 127.0.0.1:1); start it, or correct its URL');
  expect(inspect(error)).not.toContain('hush-hush');
});

for (const { name } of serversOf('postgres')) {
  describe(name, () => {
    const own = ownDatabase('postgres');

    it('names the database that is missing', async () => {
      const missing = connect(own.url().replace(/\/[^/?]*(?=\?|$)/, '/no_such_shop'), {});
      await expect(missing).rejects.toThrow('database "no_such_shop" does not exist; make what is missing');
    });

    describeManyWriters('postgres');
    describeConnections();
    describeAborting('postgres');
    describeOutages('postgres');
    describeLanes('postgres');
    describeValues();
    describeMigrations();
    describeStreams();
  });
}
