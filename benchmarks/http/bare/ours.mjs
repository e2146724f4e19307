import { createRouter, quickService } from '../../../dist/index.js';
import { HELLO, LIMIT } from '../workload.mjs';

/** A service with nothing configured: everything that is on by default is on. */
export async function start({ folder }) {
  const router = createRouter();
  router.get('/hello', {}, () => HELLO);
  const service = quickService('hello', {
    apiPrefix: '',
    routers: [router],
    databaseUrl: `sqlite:${folder}/hello.db`,
    dataDir: folder,
    rateLimitAnonymousRpm: LIMIT,
  });
  return { server: await service.listen(0, '127.0.0.1'), close: () => service.close() };
}
