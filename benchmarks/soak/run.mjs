import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { createDatabase, dropDatabases, freePort, startPostgres, startRedis } from '../../scripts/servers/index.mjs';
import { ask, Load } from './load.mjs';
import { Vitals } from './vitals.mjs';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const SERVICE = fileURLToPath(new URL('service.mjs', import.meta.url));
const RESULTS = fileURLToPath(new URL('results/', import.meta.url));
/** While a server is away: 503. A process that is killed takes its open connections with it. */
const DOCUMENTED = /^(2\d\d|503 \S+|ECONNRESET|socket hang up|ECONNREFUSED|EPIPE)$/;
const DATABASE = `app_kernel_test_soak_${process.pid}`;

const HARMS = [
  ['Redis is killed, and back after 2 s', () => awayFor(redis)],
  ['every connection of the database is cut', cutConnections],
  ['a process of the service is killed', async (pids) => pids[0] && process.kill(pids[0], 'SIGKILL')],
  ['the database is restarted', () => awayFor(postgres)],
];

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1)); // the servers end with us

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    connections: { type: 'string', default: '20' },
    every: { type: 'string', default: '30' },
  },
});
const redis = await startRedis({ appendonly: 'yes', appendfsync: 'always' });
const postgres = await startPostgres();
const folder = mkdtempSync(join(tmpdir(), 'app-kernel-soak-'));
const databaseUrl = await createDatabase(postgres.url, DATABASE);
const port = await freePort();
const service = startService();
try {
  await untilReady();
  const markdown = await soak();
  console.log(markdown);
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(`${RESULTS}soak.md`, markdown);
} finally {
  if (service.exitCode === null) {
    service.kill('SIGTERM');
    await once(service, 'exit');
  }
  await dropDatabases(postgres.url, DATABASE);
  await postgres.close();
  await redis.close();
  rmSync(folder, { recursive: true, force: true });
}

function startService() {
  const env = {
    ...process.env,
    APP_ENV: 'prod',
    PORT: String(port),
    DATABASE_URL: databaseUrl,
    REDIS_URL: redis.url,
    DATA_DIR: folder,
    JWT_SECRET: 'a secret of the soak that is long enough for HS256',
    NODE_OPTIONS: '--expose-gc',
  };
  const child = spawn(process.execPath, [MAIN, 'start', '--workers', '2', SERVICE], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.pipe(process.stderr);
  return child;
}

/** Both processes: the connections that are kept would else all be those of the first. */
async function untilReady() {
  for (let at = 0; at < 1200 && service.exitCode === null; at++) {
    if ((await new Vitals().look(port)).length === 2) return;
    await wait(100);
  }
  throw new Error('The service did not become ready');
}

async function signUp() {
  const json = { username: `soak-${Date.now()}`, email: 'soak@example.com', password: 'difference-engine-42' };
  await ask({ agent: false, port, path: '/api/v1/auth/register', method: 'POST', json });
  const login = { username: json.username, password: json.password };
  const { status, body } = await ask({ agent: false, port, path: '/api/v1/auth/login', method: 'POST', json: login });
  if (status !== 200) throw new Error(`login: ${status} ${JSON.stringify(body)}`);
  return body.access_token;
}

/** Tokens last a quarter of an hour. */
async function soak() {
  const load = new Load({ port, tokens: [await signUp()], connections: Number(values.connections) });
  const vitals = new Vitals();
  const faults = [];
  const startedAt = performance.now();
  const endsAt = startedAt + Number(values.minutes) * 60_000;
  let harm = 0;
  let nextHarm = startedAt + Number(values.every) * 1000;
  const [keeps] = await vitals.look(port);
  while (performance.now() < endsAt) {
    await wait(5_000);
    const pids = await vitals.look(port);
    if (performance.now() < nextHarm || performance.now() > endsAt - 20_000) continue;
    const [name, work] = HARMS[harm++ % HARMS.length];
    process.stderr.write(`• ${Math.round((performance.now() - startedAt) / 1000)} s: ${name}\n`);
    await work(pids.filter((pid) => pid !== keeps));
    faults.push(name);
    nextHarm = performance.now() + Number(values.every) * 1000;
  }
  await load.end();
  return report({ load, vitals, faults, seconds: (performance.now() - startedAt) / 1000 });
}

async function awayFor(server) {
  await (server === redis ? server.kill() : server.stop());
  await wait(2_000);
  await server.start();
}

async function cutConnections() {
  await query(postgres.url, 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [DATABASE]);
}

async function query(url, sql, params) {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(sql, params)).rows;
  } finally {
    await client.end();
  }
}

async function report({ load, vitals, faults, seconds }) {
  const stored = new Set((await query(databaseUrl, 'SELECT id FROM soak_orders')).map(({ id }) => id));
  const lost = [...load.acknowledged].filter((id) => !stored.has(id));
  const answers = [...load.answers].sort(([, one], [, other]) => other - one);
  const undocumented = answers.filter(([said]) => !DOCUMENTED.test(said));
  if (undocumented.length > 0 || lost.length > 0) process.exitCode = 1;
  return `${Math.round(seconds)} s under ${values.connections} connections, ${faults.length} faults: ${[...new Set(faults)].join('; ')}.

| answer | times |
|---|---|
${answers.map(([said, times]) => `| ${said} | ${times} |`).join('\n')}

Orders acknowledged ${load.acknowledged.size}, of those not in the database: ${lost.length}. Answers that are not documented: ${
    undocumented.map(([said, times]) => `${said} (${times})`).join(', ') || 'none'
  }.

${vitals.markdown()}
`;
}
