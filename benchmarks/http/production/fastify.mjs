import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import jwt from '@fastify/jwt';
import rateLimit from '@fastify/rate-limit';
import fastify from 'fastify';
import { Redis } from 'ioredis';
import { confirm, LIMIT, ORIGIN, SECRET, WINDOW_MS } from '../workload.mjs';
import { durations } from './durations.mjs';
import { signTokens } from './tokens.mjs';

const text = { type: 'string' };
const number = { type: 'integer' };
const schema = {
  body: {
    type: 'object',
    required: ['sku', 'quantity', 'note'],
    properties: { sku: text, quantity: number, note: text },
  },
  response: {
    200: {
      type: 'object',
      properties: { id: text, sku: text, quantity: number, note: text, total: number, user_id: text, status: text },
    },
  },
};

/** Fastify with its own plugins; its limiter counts in fixed windows, which is less than the others do. */
export async function start({ redisUrl }) {
  const redis = new Redis(redisUrl);
  const app = fastify({ logger: true, requestIdHeader: 'x-request-id' });
  const duration = durations();
  app.addHook('onSend', async (request, reply) => {
    reply.header('X-Request-ID', request.id);
  });
  app.addHook('onResponse', async (request, reply) => {
    const labels = { method: request.method, route: request.routeOptions.url, status: reply.statusCode };
    duration.observe(labels, reply.elapsedTime / 1000);
  });
  await app.register(helmet);
  await app.register(cors, { origin: [ORIGIN], credentials: true });
  await app.register(jwt, { secret: SECRET });
  app.decorate('authenticate', (request) => request.jwtVerify());
  await app.register(rateLimit, {
    global: false,
    redis,
    max: LIMIT,
    timeWindow: WINDOW_MS,
    hook: 'preHandler',
    keyGenerator: (request) => request.user.sub,
  });
  const guards = { schema, onRequest: app.authenticate, config: { rateLimit: { max: LIMIT, timeWindow: WINDOW_MS } } };
  app.post('/api/v1/orders', guards, async (request) => confirm(request.body, request.user.sub));
  await app.ready();
  return { server: app.server, tokens: signTokens(), close: () => redis.quit() };
}
