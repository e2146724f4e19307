import { initAppKernel, kernelSettings } from 'app-kernel';
import Koa from 'koa';
import { expect, it } from 'vitest';
import { silentLogger } from '../../src/base/ports.js';
import { injectRequest } from '../../src/http/index.js';

it('before it is ready, a service in production answers like one that is: HSTS, and nothing of its insides', async () => {
  const app = new Koa();
  const settings = kernelSettings({
    auth: { tokenSecret: 'k9V2m-Qx7TzP4wLr8sYb1nHd6fJc3gEa' },
    redis: { url: null },
    security: { debug: true },
  });
  initAppKernel(app, settings, { environment: 'prod', logger: silentLogger });

  const answer = await injectRequest(app.callback(), '/anything');

  expect(answer.status).toBe(503);
  expect(answer.headers.get('strict-transport-security')).toMatch(/^max-age=/);
  expect(await answer.json()).not.toHaveProperty('debug');
});
