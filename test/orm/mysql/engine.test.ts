import { describe, expect, it } from 'vitest';
import { connect, SchemaError } from '../../../src/orm/index.js';
import { describeManyWriters } from '../servers/many-writers.js';
import { serversOf } from '../servers/own-database.js';
import { describeConnections } from './connections.js';
import { describeKilledMigrations } from './killed-migrations.js';
import { describeMigrations } from './migrations.js';
import { describeTextKeys } from './text-keys.js';
import { describeValues } from './values.js';

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
    describeValues();
    describeTextKeys();
    describeMigrations();
    describeKilledMigrations();
  });
}
