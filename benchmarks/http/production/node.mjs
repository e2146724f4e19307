import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import jwt from 'jsonwebtoken';
import { pino } from 'pino';
import { confirm, LIMIT, ORIGIN, WINDOW_MS } from '../workload.mjs';
import { durations } from './durations.mjs';
import { SECURITY_HEADERS } from './security-headers.mjs';
import { SLIDING_WINDOW } from './sliding-window.mjs';
import { KEY, signTokens } from './tokens.mjs';

/** The same work by hand, with nothing in between: the floor of a production stack. */
export async function start({ redisUrl }) {
  const redis = new Redis(redisUrl);
  redis.defineCommand('slidingWindow', { numberOfKeys: 1, lua: SLIDING_WINDOW });
  const logger = pino();
  const duration = durations();
  let calls = 0;

  const server = createServer(async (request, response) => {
    const started = performance.now();
    const requestId = request.headers['x-request-id'] ?? randomUUID();
    response.setHeader('X-Request-ID', requestId);
    for (const [name, value] of SECURITY_HEADERS) response.setHeader(name, value);
    if (request.headers.origin === ORIGIN) {
      response.setHeader('Access-Control-Allow-Origin', ORIGIN);
      response.setHeader('Access-Control-Allow-Credentials', 'true');
      response.setHeader('Vary', 'Origin');
    }
    let answer;
    try {
      answer = await handle(request, response);
    } catch (error) {
      response.statusCode = error.status ?? 500;
      answer = { detail: error.status ? error.message : 'Internal error' };
    }
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.end(JSON.stringify(answer));
    const ms = performance.now() - started;
    const { statusCode: status } = response;
    duration.observe({ method: request.method, route: '/orders', status }, ms / 1000);
    logger.info(
      { request_id: requestId, method: request.method, path: request.url, status, duration_ms: ms },
      'request',
    );
  });

  async function handle(request, response) {
    if (request.method !== 'POST' || request.url !== '/api/v1/orders') throw problem(404, 'Not Found');
    const user = authenticate(request.headers.authorization);
    calls += 1;
    const [admitted, count] = await redis.slidingWindow(`limit:${user.sub}`, LIMIT, WINDOW_MS, String(calls));
    response.setHeader('X-RateLimit-Limit', String(LIMIT));
    response.setHeader('X-RateLimit-Remaining', String(LIMIT - count));
    if (!admitted) throw problem(429, 'Too many requests');
    const body = JSON.parse(await readBody(request));
    if (typeof body.sku !== 'string' || !Number.isInteger(body.quantity) || typeof body.note !== 'string')
      throw problem(422, 'sku, quantity and note are needed');
    return confirm(body, user.sub);
  }

  return { server, tokens: signTokens(), close: () => redis.quit() };
}

function authenticate(header) {
  if (!header?.startsWith('Bearer ')) throw problem(401, 'Authentication required');
  try {
    return jwt.verify(header.slice(7), KEY, { algorithms: ['HS256'] });
  } catch {
    throw problem(401, 'Invalid token');
  }
}

function readBody(request) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    let bytes = 0;
    request.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes > 10_485_760) reject(problem(413, 'Too large'));
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.on('error', reject);
  });
}

function problem(status, message) {
  return Object.assign(new Error(message), { status });
}
