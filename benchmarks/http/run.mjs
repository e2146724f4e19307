import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createDatabase, dropDatabases, startPostgres, startRedis } from '../../scripts/servers/index.mjs';
import { measure } from './measure.mjs';
import { markdownOf } from './report.mjs';

const CONTESTANTS = {
  bare: ['ours', 'node', 'koa', 'fastify', 'express', 'hono', 'nest-express', 'nest-fastify'],
  production: ['ours', 'node', 'koa', 'fastify', 'nest-fastify'],
  workers: ['one', 'two'],
};
/** Whom all are compared with. */
const BASE = { bare: 'node', production: 'node', workers: 'one' };
const RESULTS = fileURLToPath(new URL('results/', import.meta.url));

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1)); // the servers end with us

const flags = readFlags(process.argv.slice(2));
const redis = await startRedis();
const postgres = await startPostgres();
try {
  mkdirSync(RESULTS, { recursive: true });
  for (const kind of flags.kinds) {
    const contestants = CONTESTANTS[kind].filter((name) => flags.only.some((part) => name.includes(part)));
    const rounds = [];
    for (let round = 0; round < flags.rounds; round++) rounds.push(await measureRound(kind, contestants, round));
    const markdown = markdownOf({
      rounds,
      contestants,
      base: BASE[kind],
      machine: machineLine(),
      versions: versions(),
    });
    console.log(`\n## ${kind}\n\n${markdown}`);
    writeFileSync(`${RESULTS}${kind}.md`, markdown);
    writeFileSync(`${RESULTS}${kind}.json`, `${JSON.stringify(rounds, null, 2)}\n`);
  }
} finally {
  await redis.close();
  await postgres.close();
}

/** Every contestant once, each round beginning with another one. */
async function measureRound(kind, contestants, round) {
  const figures = {};
  const turn = round % contestants.length;
  for (const contestant of [...contestants.slice(turn), ...contestants.slice(0, turn)]) {
    process.stderr.write(`• ${kind}, round ${round + 1} of ${flags.rounds}: ${contestant}\n`);
    const name = `app_kernel_test_bench_${process.pid}`;
    const databaseUrl = await createDatabase(postgres.url, name);
    try {
      const { seconds, amount, connections, profile } = flags;
      const load = { kind, contestant, seconds, amount, connections, profile };
      figures[contestant] = await measure({ ...load, databaseUrl, redisUrl: redis.url });
    } finally {
      await dropDatabases(postgres.url, name);
    }
  }
  return figures;
}

function machineLine() {
  return `${cpus().length} × ${cpus()[0].model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
}

function versions() {
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
  const shown = ['koa', 'fastify', 'express', 'hono', '@nestjs/core'];
  return shown.map((name) => `${name} ${dependencies[name]}`).join(', ');
}

function readFlags(args) {
  const text = { type: 'string' };
  const options = {
    kind: text,
    only: text,
    rounds: text,
    seconds: text,
    requests: text,
    connections: text,
    profile: text,
  };
  const { values } = parseArgs({ args, options });
  const kinds = values.kind?.split(',') ?? Object.keys(CONTESTANTS);
  const unknown = kinds.filter((kind) => !(kind in CONTESTANTS));
  if (unknown.length > 0) throw new Error(`--kind ${unknown} is unknown; there are: ${Object.keys(CONTESTANTS)}`);
  return {
    kinds,
    only: values.only?.split(',') ?? [''],
    rounds: Number(values.rounds ?? 5),
    seconds: Number(values.seconds ?? 3),
    amount: values.requests && Number(values.requests),
    connections: Number(values.connections ?? 50),
    profile: values.profile,
  };
}
