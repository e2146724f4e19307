import { describe, expect, it } from 'vitest';
import { FAULT_REDIS, SQL_BACKENDS } from '../../setup/servers.js';
import { killCommitters } from './outbox-kills.js';

const SHARED = SQL_BACKENDS.filter(({ name }) => name !== 'sqlite-memory');

for (const { start } of FAULT_REDIS) {
  describe.each(SHARED)('processes killed while they commit jobs ($name)', { timeout: 60_000 }, (sql) => {
    it('lose no job of a committed row, and leave none of one that was undone', async () => {
      const server = await start({ appendonly: 'yes', appendfsync: 'always' });
      const database = await sql.create();
      try {
        const urls = { databaseUrl: database.url, redisUrl: server.url };
        const figures = await killCommitters(urls, 3, Math.random);
        expect(figures).toMatchObject({ lost: 0, ghosts: 0, reruns: 0 });
        expect(figures.committed).toBeGreaterThan(5);
        expect(figures.between).toBeGreaterThanOrEqual(2);
      } finally {
        await database.drop();
        await server.close();
      }
    });
  });
}
