import { ChildServer, findBinary, temporaryFolder } from './child-server.mjs';
import { freePort } from './free-port.mjs';

export function findRedis() {
  return findBinary('redis-server', 'valkey-server');
}

/**
 * Starts a Redis of our own on a free port.
 * `settings` are lines of redis.conf: `{ appendonly: 'yes', appendfsync: 'always', maxmemory: '5mb' }`.
 */
export async function startRedis(settings = {}) {
  const command = findRedis();
  if (!command) throw new Error('redis-server is not installed (Debian: apt-get install redis-server)');
  const folder = temporaryFolder('redis');
  const port = await freePort();
  const all = { bind: '127.0.0.1', port, dir: folder, save: '', appendonly: 'no', daemonize: 'no', ...settings };
  const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = new ChildServer({ name: 'redis-server', command, args, folder, ready: /Ready to accept connections/ });
  server.port = port;
  server.url = `redis://127.0.0.1:${port}/0`;
  return server.open();
}
