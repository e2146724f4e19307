import fastify from 'fastify';
import { HELLO } from '../workload.mjs';

const schema = { response: { 200: { type: 'object', properties: { message: { type: 'string' } } } } };

export async function start() {
  const app = fastify();
  app.get('/hello', { schema }, async () => HELLO);
  await app.ready();
  return { server: app.server };
}
