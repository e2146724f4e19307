import { createRouter } from 'app-kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { HalfOpenProxy } from '../setup/half-open-proxy.js';
import { freshPrefix, REDIS_BACKENDS, removeKeys } from '../setup/servers.js';
import { releaseServices, startedService } from './setup/fresh-service.js';
import { sendTo, signUp } from './setup/http-calls.js';

/** Less than a limiter waits for Redis, and far more than a request takes on a slow machine. */
const DELAY_MS = 450;

const router = createRouter();
router.get('/mine', { auth: 'user' }, ({ user }) => ({ id: user.id }));

for (const { name, url } of REDIS_BACKENDS.filter((backend) => backend.url !== undefined)) {
  describe(`a request on its way to Redis (${name})`, () => {
    let proxy: HalfOpenProxy;
    const prefix = freshPrefix();
    afterEach(async () => {
      proxy.delayMs = 0;
      await releaseServices();
      await proxy.close();
      await removeKeys(url as string, prefix);
    });

    it('waits for one answer, with authentication, limits, metrics, metering and traces on', async () => {
      proxy = await HalfOpenProxy.open(url as string);
      const service = await startedService({ routers: [router], redisUrl: proxy.url, redisNamespace: prefix });
      const send = sendTo(service);
      const { headers } = await signUp(send, 'ann@example.com');
      expect((await send('/api/v1/mine', { headers })).status).toBe(200);

      proxy.delayMs = DELAY_MS;
      const began = performance.now();
      const answer = await send('/api/v1/mine', { headers });
      const tookMs = performance.now() - began;
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-ratelimit-remaining'), 'the limit was counted').not.toBeNull();
      expect(tookMs).toBeGreaterThan(0.9 * DELAY_MS);
      expect(tookMs).toBeLessThan(2 * DELAY_MS);
    });
  });
}
