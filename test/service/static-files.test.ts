import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRouter } from 'app-kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { freshFolder, releaseServices, startedService } from './setup/fresh-service.js';

afterEach(releaseServices);

const PAGE = { headers: { accept: 'text/html' } };

/** A service beside whose entry file there is a folder `static`. */
function withStatic(options: Parameters<typeof startedService>[0] = {}) {
  const rootDir = freshFolder();
  mkdirSync(join(rootDir, 'static'));
  writeFileSync(join(rootDir, 'static/index.html'), '<h1>top</h1>');
  writeFileSync(join(rootDir, 'static/app.js'), 'app');
  return startedService({ rootDir, ...options });
}

describe('the folder static beside the entry file', () => {
  it('is served by itself, below /static and at the top', async () => {
    const service = await withStatic();
    for (const path of ['/app.js', '/static/app.js']) expect(await (await service.inject(path)).text()).toBe('app');
    for (const path of ['/', '/orders/17'])
      expect(await (await service.inject(path, PAGE)).text()).toBe('<h1>top</h1>');
    expect((await service.inject('/healthz')).status).toBe(200);
    expect(await (await service.inject('/docs', PAGE)).text()).toContain('swagger');
    for (const path of ['/api/v1/nothing', '/api/nothing', '/_kernel/nothing', '/static/nothing', '/static/']) {
      expect((await service.inject(path, PAGE)).status, path).toBe(404);
    }
    const elsewhere = await startedService();
    expect((await elsewhere.inject('/', PAGE)).status).toBe(404);
  });

  it('has no pages below the prefix of the API, wherever that is and however it is written', async () => {
    const service = await withStatic({ apiPrefix: '/Backend' });
    for (const path of ['/Backend/nothing', '/backend/nothing', '/BACKEND'])
      expect((await service.inject(path, PAGE)).status, path).toBe(404);
    expect((await service.inject('/orders', PAGE)).status).toBe(200);
  });

  it('is loaded without being counted, however many files a page has; a route of such a name is counted', async () => {
    const report = createRouter().get('/report.js', {}, () => ({}));
    const service = await withStatic({ rateLimitAnonymousRpm: 3, routers: [report] });
    for (let file = 0; file < 8; file++) expect((await service.inject('/app.js')).status).toBe(200);
    const statuses: number[] = [];
    for (let call = 0; call < 4; call++) statuses.push((await service.inject('/api/v1/report.js')).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect((await service.inject('/orders/17', PAGE)).status).toBe(429);
  });

  it('lifts no limit of middleware that answers what only looks like a file', async () => {
    const service = await withStatic({ rateLimitAnonymousRpm: 3 });
    let runs = 0;
    service.app.use((ctx, next) => {
      if (!ctx.path.startsWith('/render/')) return next();
      runs += 1;
      ctx.body = 'drawn at a cost';
    });
    const statuses: number[] = [];
    for (let call = 0; call < 5; call++) statuses.push((await service.inject(`/render/${call}.png`)).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    expect(runs).toBe(3);
    expect((await service.inject('/missing.js')).status).toBe(429);
    expect((await service.inject('/app.js')).status).toBe(200);
  });

  it('stands behind the service’s own middleware', async () => {
    const service = await withStatic();
    service.app.use((ctx) => {
      ctx.status = 403;
      ctx.body = 'closed';
    });
    expect((await service.inject('/app.js')).status).toBe(403);
  });
});
