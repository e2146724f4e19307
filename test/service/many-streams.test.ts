import { afterEach, describe, expect, it } from 'vitest';
import { freshPrefix, REDIS_BACKENDS, removeKeys } from '../setup/servers.js';
import { openAndLeave } from './many-streams.js';
import { releaseServices } from './setup/fresh-service.js';

const CLIENTS = 400;

afterEach(releaseServices);

for (const { url } of REDIS_BACKENDS) {
  if (!url) continue;
  describe(`${CLIENTS} event streams of another process`, { timeout: 180_000 }, () => {
    it('hold a lease, a task and a descriptor each, and give everything back when they leave', async () => {
      const namespace = freshPrefix();
      const { before, open, after } = await openAndLeave(CLIENTS, url, namespace);
      expect(open).toMatchObject({ streams: CLIENTS, leases: CLIENTS, running: CLIENTS });
      expect(open.descriptors - before.descriptors).toBeGreaterThanOrEqual(CLIENTS);
      expect(open.timers - before.timers).toBeGreaterThanOrEqual(3 * CLIENTS); // heartbeat, lease, and its own sleep
      expect(after).toMatchObject({ streams: 0, leases: 0, running: 0 });
      expect(after.descriptors).toBeLessThanOrEqual(before.descriptors);
      expect(after.timers).toBeLessThanOrEqual(before.timers);
      await removeKeys(url, namespace);
    });
  });
}
