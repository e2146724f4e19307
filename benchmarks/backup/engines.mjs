import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, dropDatabases, startMysql, startPostgres } from '../../scripts/servers/index.mjs';
import { runProgram } from './commands.mjs';

const PREFIX = `app_kernel_test_bench_${process.pid}`;

/** What each engine's own tools make of the table `items`: `out` into a file, `into` the empty database out of it. */
export const ENGINES = {
  async sqlite() {
    const folder = mkdtempSync(join(tmpdir(), 'app-kernel-bench-'));
    const file = (database) => join(folder, `${database}.db`);
    const shell = (database, command, more) => runProgram('sqlite3', ['-batch', file(database), ...command], more);
    return {
      create: async (database) => `sqlite:///${file(database)}`,
      peers: {
        '.dump': {
          out: (path) => shell('from', ['.dump items'], { output: path, sum: true }),
          into: (path, database) => shell(database, [], { input: path }),
        },
        '.mode csv / .import': {
          out: (path) => shell('from', ['-csv', '-header', 'SELECT * FROM items'], { output: path, sum: true }),
          prepare: (database) =>
            runProgram('sh', [
              '-c',
              `sqlite3 -batch '${file('from')}' '.schema items' | sqlite3 -batch '${file(database)}'`,
            ]),
          into: (path, database) => shell(database, [`.import --csv --skip 1 "${path}" items`]),
        },
      },
      close: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },

  async postgres() {
    const given = process.env.BENCH_POSTGRES_URL;
    const server = given ? undefined : await startPostgres({ shared_buffers: '256MB', max_wal_size: '8GB' });
    const base = given ?? server.url;
    const at = (database) => String(Object.assign(new URL(base), { pathname: `/${PREFIX}_${database}` }));
    const psql = (database, sql, more) => runProgram('psql', [at(database), '-qXc', sql], more);
    const dump = (path) => runProgram('pg_dump', ['-d', at('from'), '-t', 'items'], { output: path, sum: true });
    return {
      create: (database) => createDatabase(base, `${PREFIX}_${database}`),
      peers: {
        COPY: {
          out: (path) => psql('from', 'COPY items TO STDOUT (FORMAT csv)', { output: path, sum: true }),
          prepare: (database) =>
            runProgram('sh', ['-c', `pg_dump -s -t items -d '${at('from')}' | psql -qX '${at(database)}' >/dev/null`]),
          into: (path, database) => psql(database, 'COPY items FROM STDIN (FORMAT csv)', { input: path }),
        },
        pg_dump: { out: dump, into: (path, database) => runProgram('psql', [at(database), '-qX'], { input: path }) },
      },
      close: async () => {
        await dropDatabases(base, PREFIX);
        await server?.close();
      },
    };
  },

  async mysql() {
    const given = process.env.BENCH_MYSQL_URL;
    const server = given ? undefined : await startMysql({ 'innodb-buffer-pool-size': '512M' });
    const base = new URL(given ?? server.url);
    const login = [`-h${base.hostname}`, `-P${base.port || 3306}`, `-u${base.username}`];
    const env = { MYSQL_PWD: decodeURIComponent(base.password) };
    return {
      create: (database) => createDatabase(base.href, `${PREFIX}_${database}`),
      peers: {
        'mariadb-dump': {
          out: (path) =>
            runProgram('mariadb-dump', [...login, '--single-transaction', `${PREFIX}_from`, 'items'], {
              output: path,
              sum: true,
              env,
            }),
          into: (path, database) => runProgram('mariadb', [...login, `${PREFIX}_${database}`], { input: path, env }),
        },
      },
      close: async () => {
        await dropDatabases(base.href, PREFIX);
        await server?.close();
      },
    };
  },
};
