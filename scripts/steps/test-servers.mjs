import { randomBytes } from 'node:crypto';
import {
  checkSqlServer,
  createDatabase,
  dropDatabases,
  findChromium,
  findMysql,
  findPostgres,
  findRedis,
  startMysql,
  startPostgres,
  startRedis,
} from '../servers/index.mjs';
import { installDebianPackage } from './debian.mjs';
import { Refusal, say } from './project.mjs';

const ANSWER_TIMEOUT_MS = 3_000;

const BACKENDS = [
  {
    name: 'PostgreSQL',
    variable: 'TEST_POSTGRES_URL',
    localUrl: 'postgresql://postgres@127.0.0.1:5432/postgres',
    find: findPostgres,
    start: startPostgres,
    check: checkSqlServer,
    hasDatabases: true,
    debianPackage: 'postgresql',
  },
  {
    name: 'MySQL or MariaDB',
    variable: 'TEST_MYSQL_URL',
    localUrl: 'mysql://root@127.0.0.1:3306/mysql',
    find: findMysql,
    start: startMysql,
    check: checkSqlServer,
    hasDatabases: true,
    debianPackage: 'mariadb-server',
  },
  {
    name: 'Redis',
    variable: 'TEST_REDIS_URL',
    localUrl: 'redis://127.0.0.1:6379',
    find: findRedis,
    start: startRedis,
    check: checkRedis,
    hasDatabases: false,
    debianPackage: 'redis-server',
    faultTestsNeedBinary: true,
  },
];

/** The environment of a run without any server. */
export const EMBEDDED_ONLY = Object.freeze(Object.fromEntries(BACKENDS.map(({ variable }) => [variable, ''])));

/**
 * Finds or starts the servers of a test run, and sees to a browser: by `TEST_…_URL`, else on its default local port, else by starting what is
 * installed. With `required` a missing one is installed, and what still lacks is a refusal.
 * Answers the variables for the tests, what stays untested, and how to give everything back.
 */
export async function provideServers({ required }) {
  const provided = { env: {}, untested: [], disposers: [] };
  const close = () => closeAll(provided.disposers);
  try {
    for (const backend of BACKENDS) await provide(backend, provided, required);
    await provideBrowser(provided, required);
  } catch (error) {
    await close();
    throw error;
  }
  return { ...provided, close };
}

async function provide(backend, provided, required) {
  if (required && backend.faultTestsNeedBinary && !backend.find()) await installDebianPackage(backend.debianPackage);
  const url = await urlOf(backend, provided, required);
  if (!url) {
    provided.untested.push(howToTest(backend));
    provided.env[backend.variable] = '';
    return;
  }
  provided.env[backend.variable] = backend.hasDatabases ? await ownDatabase(url, provided) : url;
}

/** Pages are tested in a real browser; it is no server: the tests start it themselves. */
async function provideBrowser({ untested }, required) {
  if (!findChromium() && required) await installDebianPackage('chromium');
  if (findChromium()) return;
  if (required) throw new Refusal('CI tests pages in a browser, but no Chromium was found after its installation');
  untested.push('pages in a browser: install Chromium (Debian: apt-get install chromium)');
}

async function urlOf(backend, provided, required) {
  const given = process.env[backend.variable];
  if (given) {
    await backend.check(given).catch((error) => refuseGiven(backend, given, error));
    say(`${backend.name}: ${withoutPassword(given)} (${backend.variable})`);
    return given;
  }
  if (await answers(backend)) {
    say(`${backend.name}: ${backend.localUrl} (found on its default port)`);
    return backend.localUrl;
  }
  if (!backend.find() && required) await installDebianPackage(backend.debianPackage);
  if (!backend.find()) return undefined;
  const server = await backend.start();
  provided.disposers.push(() => server.close());
  say(`${backend.name}: ${server.url} (started for this run)`);
  return server.url;
}

function refuseGiven(backend, url, error) {
  throw new Refusal(
    `${backend.variable}=${withoutPassword(url)} does not answer: ${error.message || error.code}. Mend or unset it.`,
  );
}

async function answers(backend) {
  try {
    await backend.check(backend.localUrl);
    return true;
  } catch {
    return false;
  }
}

async function ownDatabase(serverUrl, provided) {
  const name = `app_kernel_test_${process.pid}_${randomBytes(3).toString('hex')}`;
  const url = await createDatabase(serverUrl, name);
  provided.disposers.push(() => dropDatabases(serverUrl, name));
  return url;
}

async function closeAll(disposers) {
  for (let dispose = disposers.pop(); dispose; dispose = disposers.pop()) {
    await dispose().catch((error) => say(`Cleaning up failed: ${error.message}`));
  }
}

function howToTest({ name, variable, debianPackage }) {
  return `${name}: set ${variable}, or run "docker compose up -d --wait", or install it (Debian: apt-get install ${debianPackage})`;
}

function withoutPassword(url) {
  return url.replace(/:[^:@/]*@/, ':…@');
}

async function checkRedis(url) {
  const { Redis } = await import('ioredis');
  const client = new Redis(url, { lazyConnect: true, retryStrategy: null, connectTimeout: ANSWER_TIMEOUT_MS });
  let fault;
  client.on('error', (error) => {
    fault = error; // the reason; connect() itself only says that the connection is closed
  });
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    throw fault ?? error;
  } finally {
    client.disconnect();
  }
}
