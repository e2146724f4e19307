import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createDatabase, dropDatabases, startPostgres, startRedis } from '../../scripts/servers/index.mjs';
import { answerOf, ask, forkContestant, REQUESTS, stop } from '../http/measure.mjs';
import { spread } from '../http/report.mjs';

/** Bare: ours is everything that is on by default, on SQLite. Production: on PostgreSQL and Redis. */
const CONTESTANTS = {
  bare: ['ours', 'node', 'koa', 'fastify', 'express', 'hono', 'nest-express', 'nest-fastify'],
  production: ['ours', 'node', 'koa', 'fastify', 'nest-fastify'],
};
const RESULTS = fileURLToPath(new URL('results/', import.meta.url));

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1)); // the servers end with us

const { values } = parseArgs({
  options: { kind: { type: 'string' }, only: { type: 'string' }, rounds: { type: 'string', default: '7' } },
});
const rounds = Number(values.rounds);
const redis = await startRedis();
const postgres = await startPostgres();
const database = `app_kernel_test_bench_${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), 'app-kernel-bench-'));
try {
  const servers = { redisUrl: redis.url, databaseUrl: await createDatabase(postgres.url, database), folder };
  mkdirSync(RESULTS, { recursive: true });
  for (const kind of values.kind?.split(',') ?? Object.keys(CONTESTANTS)) await measureKind(kind, servers);
} finally {
  await dropDatabases(postgres.url, database);
  await redis.close();
  await postgres.close();
  rmSync(folder, { recursive: true, force: true });
}

async function measureKind(kind, servers) {
  const parts = values.only?.split(',') ?? [''];
  const names = CONTESTANTS[kind].filter((name) => parts.some((part) => name.includes(part)));
  const starts = Object.fromEntries(names.map((name) => [name, []]));
  const tokens = {};
  // Not counted: it makes tables and callers, and brings files into memory.
  for (const name of names) ({ tokens: tokens[name] } = await startOnce(kind, name, servers));
  for (let round = 0; round < rounds; round++) {
    const turn = round % names.length;
    for (const name of [...names.slice(turn), ...names.slice(0, turn)]) {
      process.stderr.write(`• ${kind}, round ${round + 1} of ${rounds}: ${name}\n`);
      starts[name].push(await startOnce(kind, name, { ...servers, tokens: tokens[name] }));
    }
  }
  const markdown = markdownOf(starts);
  console.log(`\n## ${kind}\n\n${markdown}`);
  writeFileSync(`${RESULTS}${kind}.md`, markdown);
}

/** From the start of the process to its first 200: ms, ms of CPU, bytes. */
async function startOnce(kind, contestant, settings) {
  const startedAt = performance.now();
  const child = forkContestant(kind, JSON.stringify({ kind, contestant, ...settings }));
  try {
    const { port, tokens } = await answerOf(child);
    await answered({ ...REQUESTS[kind], port, token: tokens[0] });
    const ms = performance.now() - startedAt;
    const { cpu, rss } = await ask(child, 'cpu');
    return { tokens, ms, cpuMs: (cpu.user + cpu.system) / 1000, rss };
  } finally {
    await stop(child);
  }
}

async function answered({ port, path, method, headers, body, token }) {
  const authorization = token && { authorization: `Bearer ${token}` };
  const url = `http://127.0.0.1:${port}${path}`;
  const response = await fetch(url, { method, body, headers: { ...headers, ...authorization } });
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}

function markdownOf(starts) {
  const head = ['', 'ms to the first 200', 'of nest-fastify', 'CPU ms', 'CPU of node', 'CPU of nest-fastify', 'MB'];
  const lines = Object.entries(starts).map(([name, all]) => [
    name,
    spread(all.map(({ ms }) => ms)),
    ratio(all, starts['nest-fastify'], 'ms'),
    spread(all.map(({ cpuMs }) => cpuMs)),
    ratio(all, starts.node, 'cpuMs'),
    ratio(all, starts['nest-fastify'], 'cpuMs'),
    spread(all.map(({ rss }) => rss / 2 ** 20)),
  ]);
  const table = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  const machine = `${cpus().length} × ${cpus()[0].model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
  return `${machine}; median of ${rounds} interleaved starts (min to max), nothing to migrate.\n\n${table}\n`;
}

/** Round by round. CPU is what other work on the machine disturbs less than the clock. */
function ratio(all, base, figure) {
  return base ? spread(all.map((start, round) => start[figure] / base[round][figure])) : '–';
}
