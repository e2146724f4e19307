import { afterEach, describe, expect, it } from 'vitest';
import { SQL_BACKENDS } from '../setup/servers.js';
import { freshFolder, releaseServices, sqliteUrl, startedService } from './setup/fresh-service.js';

afterEach(releaseServices);

describe('a database of records', () => {
  for (const backend of SQL_BACKENDS.filter(({ name }) => name !== 'sqlite-memory'))
    it(`is refused to a second service, by the name of the setting (${backend.name})`, async () => {
      const records = await backend.create();
      const start = (name: string) => startedService({ name, adminDbUrl: records.url });
      await start('orders');
      await (await start('orders')).close(); // another instance
      await expect(start('invoices')).rejects.toThrow(
        /adminDbUrl: names a database that keeps the records of the service "orders"/,
      );
      await start('orders');
      await releaseServices();
      await records.drop();
    });

  it('may be that of the rows, for all that share them, but for no other', async () => {
    const databaseUrl = sqliteUrl(freshFolder());
    for (const name of ['orders', 'invoices']) await startedService({ name, databaseUrl });
    await startedService({ name: 'orders', databaseUrl, adminDbUrl: databaseUrl });
    await expect(startedService({ name: 'third', adminDbUrl: databaseUrl })).rejects.toThrow(/adminDbUrl: /);
  });
});
