import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ChildServer, findBinary, temporaryFolder } from './child-server.mjs';
import { freePort } from './free-port.mjs';
import { unprivilegedOwner } from './unprivileged-owner.mjs';

export function findMysql() {
  return findBinary('mariadbd', 'mysqld');
}

/** Starts a MariaDB or MySQL of our own (root without a password) on a free port. `settings` are options of the server. */
export async function startMysql(settings = {}) {
  const command = findMysql();
  if (!command) throw new Error('MariaDB or MySQL is not installed (Debian: apt-get install mariadb-server)');
  const owner = unprivilegedOwner('mysql');
  const folder = temporaryFolder('mysql', owner);
  const data = join(folder, 'data');
  initialise(command, data, { cwd: folder, stdio: 'pipe', ...owner });

  const port = await freePort();
  const all = {
    datadir: data,
    port,
    'bind-address': '127.0.0.1',
    socket: join(folder, 'mysql.sock'),
    'pid-file': join(folder, 'mysql.pid'),
    ...settings,
  };
  const args = ['--no-defaults', ...Object.entries(all).map(([name, value]) => `--${name}=${value}`)];
  const ready = /ready for connections[\s\S]*port: [1-9]/; // MySQL says it first for its own, port-less start-up
  const server = new ChildServer({ name: 'mysql', command, args, folder, ready, owner });
  server.port = port;
  server.url = `mysql://root@127.0.0.1:${port}/mysql`;
  return server.open();
}

function initialise(server, data, options) {
  const isMariadb = server.endsWith('mariadbd') || findBinary('mariadb-install-db') !== undefined;
  if (!isMariadb) {
    execFileSync(server, ['--no-defaults', '--initialize-insecure', `--datadir=${data}`], options);
    return;
  }
  const install = findBinary('mariadb-install-db', 'mysql_install_db');
  const args = ['--no-defaults', '--auth-root-authentication-method=normal', '--skip-test-db', `--datadir=${data}`];
  execFileSync(install, args, options);
}
