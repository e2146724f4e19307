import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import cors from '@koa/cors';
import Router from '@koa/router';
import { Redis } from 'ioredis';
import jwt from 'jsonwebtoken';
import Koa from 'koa';
import { koaBody } from 'koa-body';
import helmet from 'koa-helmet';
import { pino } from 'pino';
import { z } from 'zod';
import { confirm, LIMIT, ORIGIN, WINDOW_MS } from '../workload.mjs';
import { durations } from './durations.mjs';
import { SLIDING_WINDOW } from './sliding-window.mjs';
import { KEY, signTokens } from './tokens.mjs';

const Order = z.object({ sku: z.string(), quantity: z.int(), note: z.string() });

/** Koa assembled by hand from well-kept middleware, the exact limiter included. */
export async function start({ redisUrl }) {
  const redis = new Redis(redisUrl);
  redis.defineCommand('slidingWindow', { numberOfKeys: 1, lua: SLIDING_WINDOW });
  const logger = pino();
  const duration = durations();
  let calls = 0;

  const app = new Koa();
  app.use(async (ctx, next) => {
    const started = performance.now();
    ctx.state.requestId = ctx.get('X-Request-ID') || randomUUID();
    ctx.set('X-Request-ID', ctx.state.requestId);
    await next();
    const ms = performance.now() - started;
    const { method, status, path } = ctx;
    duration.observe({ method, route: ctx._matchedRoute ?? 'unmatched', status }, ms / 1000);
    logger.info({ request_id: ctx.state.requestId, method, path, status, duration_ms: ms }, 'request');
  });
  app.use(async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      ctx.status = error.status ?? 500;
      ctx.body = { detail: error.expose ? error.message : 'Internal error' };
    }
  });
  app.use(helmet());
  app.use(cors({ origin: ORIGIN, credentials: true }));
  app.use(async (ctx, next) => {
    const header = ctx.get('Authorization');
    if (!header.startsWith('Bearer ')) ctx.throw(401, 'Authentication required');
    try {
      ctx.state.user = jwt.verify(header.slice(7), KEY, { algorithms: ['HS256'] });
    } catch {
      ctx.throw(401, 'Invalid token');
    }
    await next();
  });
  app.use(async (ctx, next) => {
    calls += 1;
    const key = `limit:${ctx.state.user.sub}`;
    const [admitted, count] = await redis.slidingWindow(key, LIMIT, WINDOW_MS, String(calls));
    ctx.set('X-RateLimit-Limit', String(LIMIT));
    ctx.set('X-RateLimit-Remaining', String(LIMIT - count));
    if (!admitted) ctx.throw(429, 'Too many requests');
    await next();
  });
  app.use(koaBody());
  const router = new Router();
  router.post('/api/v1/orders', (ctx) => {
    const order = Order.safeParse(ctx.request.body);
    if (!order.success) ctx.throw(422, order.error.message);
    ctx.body = confirm(order.data, ctx.state.user.sub);
  });
  app.use(router.routes());
  return { server: createServer(app.callback()), tokens: signTokens(), close: () => redis.quit() };
}
