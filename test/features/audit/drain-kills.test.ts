import { describe, expect, it } from 'vitest';
import { FAULT_REDIS, SQL_BACKENDS } from '../../setup/servers.js';
import { killDrains } from './drain-kills.js';

const SHARED = SQL_BACKENDS.filter(({ name }) => name !== 'sqlite-memory');

for (const { start } of FAULT_REDIS) {
  describe.each(SHARED)(
    'processes killed while they store audit events and uses ($name)',
    { timeout: 60_000 },
    (sql) => {
      it('lose none and store none twice', async () => {
        const server = await start();
        const database = await sql.create();
        try {
          const figures = await killDrains({ databaseUrl: database.url, redisUrl: server.url }, 4, Math.random);
          expect(figures).toMatchObject({
            published: 240,
            lost: 0,
            doubled: 0,
            miscounted: 0,
            dead: 0,
            chainFaults: 0,
          });
        } finally {
          await database.drop();
          await server.close();
        }
      });
    },
  );
}
