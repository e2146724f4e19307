import { describe, expect, it } from 'vitest';
import { killDrains } from '../../features/audit/drain-kills.js';
import { FAULT_REDIS, SQL_BACKENDS } from '../../setup/servers.js';
import { seededRandom } from '../seeded-random.js';

const KILLS = 200;
const SHARED = SQL_BACKENDS.filter(({ name }) => name !== 'sqlite-memory');

for (const { start } of FAULT_REDIS) {
  describe.each(SHARED)('the admin worker in chaos ($name)', { timeout: 900_000 }, (sql) => {
    it(`loses and doubles no audit event and no use by ${KILLS} kills`, async () => {
      const { seed, random } = seededRandom();
      const server = await start();
      const database = await sql.create();
      try {
        const urls = { databaseUrl: database.url, redisUrl: server.url };
        const { kills, between, published, ...faults } = await killDrains(urls, KILLS, random);
        console.info(
          `admin worker on ${sql.name} (seed ${seed}): ${kills} kills, ${between} between pop and save, ${published} audit events and uses: ` +
            `lost ${faults.lost}, doubled ${faults.doubled}, sums off by ${faults.miscounted}, dead letters ${faults.dead}, faults of the chain ${faults.chainFaults}`,
        );
        expect(faults).toEqual({ lost: 0, doubled: 0, miscounted: 0, dead: 0, chainFaults: 0 });
      } finally {
        await database.drop();
        await server.close();
      }
    });
  });
}
