import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ChildServer, findBinary, temporaryFolder } from './child-server.mjs';
import { freePort } from './free-port.mjs';
import { unprivilegedOwner } from './unprivileged-owner.mjs';

export function findPostgres() {
  return findBinary('initdb') && findBinary('postgres');
}

/** Starts a PostgreSQL of our own (trusting 127.0.0.1) on a free port. `settings` are lines of postgresql.conf. */
export async function startPostgres(settings = {}) {
  const command = findPostgres();
  if (!command) throw new Error('PostgreSQL is not installed (Debian: apt-get install postgresql)');
  const owner = unprivilegedOwner('postgres'); // PostgreSQL refuses to run as root
  const folder = temporaryFolder('postgres', owner);
  const data = join(folder, 'data');
  const initdb = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  execFileSync(findBinary('initdb'), initdb, { cwd: folder, stdio: 'pipe', ...owner });

  const port = await freePort();
  const all = { listen_addresses: '127.0.0.1', port, unix_socket_directories: folder, ...settings };
  const args = ['-D', data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const ready = /database system is ready to accept connections/;
  const server = new ChildServer({ name: 'postgres', command, args, folder, ready, owner, stopSignal: 'SIGINT' });
  server.port = port;
  server.url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  return server.open();
}
