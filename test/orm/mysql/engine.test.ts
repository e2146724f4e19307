import { describe, expect, it } from 'vitest';
import { connect, SchemaError } from '../../../src/orm/index.js';
import { describeAborting } from '../servers/aborting.js';
import { describeLanes } from '../servers/lanes.js';
import { describeManyWriters } from '../servers/many-writers.js';
import { describeOutages } from '../servers/outages.js';
import { serversOf } from '../servers/own-database.js';
import { describeConnections } from './connections.js';
import { describeMigrations } from './migrations.js';
import { describeProtocol } from './protocol.js';
import { describeTextKeys } from './text-keys.js';
import { describeTriggers } from './triggers.js';
import { describeValues } from './values.js';

it('says where it looked for a server, and what to do', async () => {
  const nobody = connect('mysql://me:hush-hush@127.0.0.1:1/shop', { entities: [] });
  await expect(nobody).rejects.toThrow('(connect ECONNREFUSED 127.0.0.1:1); start it, or correct its URL');
  await expect(nobody).rejects.not.toThrow(/hush-hush/);
});

it('asks for a database name, without repeating a password', async () => {
  for (const scheme of ['mysql', 'mariadb']) {
    const nameless = connect(`${scheme}://me:hush-hush@localhost`, { entities: [] });
    await expect(nameless).rejects.toBeInstanceOf(SchemaError);
    await expect(nameless).rejects.toThrow(/names no database/);
    await expect(nameless).rejects.not.toThrow(/hush-hush/);
  }
});

for (const { name } of serversOf('mysql')) {
  describe(name, () => {
    describeManyWriters('mysql');
    describeConnections();
    describeLanes('mysql');
    describeAborting('mysql');
    describeOutages('mysql');
    describeValues();
    describeProtocol();
    describeTextKeys();
    describeMigrations();
    describeTriggers();
  });
}
