import { afterEach, describe, expect, it } from 'vitest';
import { openAndLeave } from '../../service/many-streams.js';
import { releaseServices } from '../../service/setup/fresh-service.js';
import { FAULT_REDIS } from '../../setup/servers.js';

const CLIENTS = 10_000;

afterEach(releaseServices);

for (const { name, start } of FAULT_REDIS) {
  describe(`event streams in chaos (${name})`, { timeout: 900_000 }, () => {
    it(`${CLIENTS} clients of another process leave no lease, descriptor or timer behind`, async () => {
      const redis = await start();
      try {
        const { before, open, after, openedInMs } = await openAndLeave(CLIENTS, redis.url, 'streams:');
        const perClient = (open.rss - before.rss) / CLIENTS / 1024;
        const list = ({ descriptors, timers, leases, running, rss }: typeof after): string =>
          `${descriptors} descriptors, ${timers} timers, ${leases} leases, ${running} tasks, ${Math.round(rss / 2 ** 20)} MiB`;
        console.info(
          `${CLIENTS} event streams, opened in ${Math.round(openedInMs / 1000)} s, ${perClient.toFixed(1)} KiB of RSS each\n` +
            `  before: ${list(before)}\n  open:   ${list(open)}\n  after:  ${list(after)}`,
        );
        expect(open).toMatchObject({ streams: CLIENTS, leases: CLIENTS, running: CLIENTS });
        expect(after).toMatchObject({ streams: 0, leases: 0, running: 0 });
        expect(after.descriptors).toBeLessThanOrEqual(before.descriptors);
        expect(after.timers).toBeLessThanOrEqual(before.timers);
        expect(perClient).toBeLessThan(100);
      } finally {
        await redis.close();
      }
    });
  });
}
