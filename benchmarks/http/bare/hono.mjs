import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { HELLO } from '../workload.mjs';

export async function start() {
  const app = new Hono();
  app.get('/hello', (context) => context.json(HELLO));
  return { server: createAdaptorServer({ fetch: app.fetch }) };
}
