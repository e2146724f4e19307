import { createServer } from 'node:http';
import Router from '@koa/router';
import Koa from 'koa';
import { HELLO } from '../workload.mjs';

export async function start() {
  const app = new Koa();
  const router = new Router();
  router.get('/hello', (ctx) => {
    ctx.body = HELLO;
  });
  app.use(router.routes());
  return { server: createServer(app.callback()) };
}
