import { describe, expect, it } from 'vitest';
import { connect, SchemaError } from '../../../src/orm/index.js';
import { describeAborting } from '../servers/aborting.js';
import { describeLanes } from '../servers/lanes.js';
import { describeManyWriters } from '../servers/many-writers.js';
import { describeOutages } from '../servers/outages.js';
import { serversOf } from '../servers/own-database.js';
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

for (const { name } of serversOf('postgres')) {
  describe(name, () => {
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
