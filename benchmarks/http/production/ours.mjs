import { z } from 'zod';
import { createRouter, createService } from '../../../dist/index.js';
import { confirm, LIMIT, ORIGIN, SECRET, userIds } from '../workload.mjs';

const Order = z.object({ sku: z.string(), quantity: z.int(), note: z.string() });
const Confirmation = z.object({
  id: z.string(),
  sku: z.string(),
  quantity: z.int(),
  note: z.string(),
  total: z.int(),
  user_id: z.string(),
  status: z.string(),
});

/**
 * Everything on, on real servers, metering and request metrics included; sessions that logout can end. `tokens` are those of
 * an earlier start on the same database.
 */
export async function start({ redisUrl, databaseUrl, folder, port = 0, tokens: known }) {
  const router = createRouter();
  router.post('/orders', { auth: 'user', body: Order, response: Confirmation }, ({ body, user }) =>
    confirm(body, user.id),
  );
  const service = createService({
    name: 'shop',
    databaseUrl,
    redisUrl,
    jwtSecret: SECRET,
    corsOrigins: [ORIGIN],
    routers: [router],
    dataDir: folder,
    backupSchedule: null,
    emailFrom: 'shop@example.com',
    smtpUrl: 'smtp://127.0.0.1:2525',
    rateLimitAuthenticatedRpm: LIMIT,
  });
  const server = await service.listen(port, '127.0.0.1');
  return { server, tokens: known ?? (await signIn(service.kernel)), close: () => service.close() };
}

async function signIn(kernel) {
  const tokens = [];
  for (const id of userIds()) {
    const email = `${id}@example.com`;
    const user = await kernel.userStore.create({ username: id, email, passwordHash: 'none', role: 'user' });
    const issued = await kernel.issueTokens(user);
    tokens.push(issued.accessToken);
  }
  return tokens;
}
