import { createServer } from 'node:http';
import { HELLO } from '../workload.mjs';

/** The floor: no router at all. */
export async function start() {
  const server = createServer((_request, response) => {
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.end(JSON.stringify(HELLO));
  });
  return { server };
}
