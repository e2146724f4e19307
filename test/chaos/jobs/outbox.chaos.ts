import { describe, expect, it } from 'vitest';
import { killCommitters } from '../../features/jobs/outbox-kills.js';
import { FAULT_REDIS, SQL_BACKENDS } from '../../setup/servers.js';
import { seededRandom } from '../seeded-random.js';

const KILLS = 100;
const SHARED = SQL_BACKENDS.filter(({ name }) => name !== 'sqlite-memory');

for (const { start } of FAULT_REDIS) {
  describe.each(SHARED)('jobs of transactions in chaos ($name)', { timeout: 1_200_000 }, (sql) => {
    it(`are neither lost nor left over by ${KILLS} kills`, async () => {
      const { seed, random } = seededRandom();
      const server = await start({ appendonly: 'yes', appendfsync: 'always' });
      const database = await sql.create();
      try {
        const urls = { databaseUrl: database.url, redisUrl: server.url };
        const { kills, between, committed, lost, ghosts, reruns } = await killCommitters(urls, KILLS, random);
        console.info(
          `outbox on ${sql.name} (seed ${seed}): ${kills} kills, ${between} of them between commit and push, ${committed} committed rows with a job: ` +
            `lost ${lost}, of rows rolled back ${ghosts}, run twice ${reruns}`,
        );
        expect({ lost, ghosts }).toEqual({ lost: 0, ghosts: 0 });
        expect(between).toBeGreaterThanOrEqual(KILLS / 3);
      } finally {
        await database.drop();
        await server.close();
      }
    });
  });
}
