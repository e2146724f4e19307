import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { createDatabase, dropDatabases, startPostgres, startRedis } from '../../scripts/servers/index.mjs';
import { recoveryTable } from './recovery.mjs';
import { markdownOf } from './report.mjs';
import { ROWS } from './rows.mjs';

const PEERS = ['bullmq', 'bee-queue', 'graphile-worker', 'pg-boss'];
const ON_POSTGRES = ['graphile-worker', 'pg-boss'];
const PROCESS = fileURLToPath(new URL('contestant-process.mjs', import.meta.url));
const RESULTS = fileURLToPath(new URL('results/', import.meta.url));
const TIME_LIMIT_MS = 60_000;
const execute = promisify(execFile);

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1)); // the servers end with us

const flags = readFlags(process.argv.slice(2));
const redis = await startRedis();
const postgres = flags.peers.some((peer) => ON_POSTGRES.includes(peer)) ? await startPostgres() : undefined;
try {
  const rounds = [];
  for (let round = 0; round < flags.rounds; round++) rounds.push(await measureRound(round));
  const markdown = markdownOf({
    rounds,
    contestants: contestants(),
    rows: rowNames(),
    machine: `${cpus().length} × ${cpus()[0].model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`,
    versions: versions(),
  });
  const recovery = flags.recovery
    ? await recoveryTable(
        contestants().filter((name) => !ON_POSTGRES.includes(name)),
        redis,
      )
    : '';
  console.log(`\n${markdown}\n${recovery}`);
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(`${RESULTS}queue.md`, `${markdown}\n${recovery}`);
  writeFileSync(`${RESULTS}queue.json`, `${JSON.stringify(rounds, null, 2)}\n`);
} finally {
  await redis.close();
  await postgres?.close();
}

/** Every row of every contestant once, each time in another order. */
async function measureRound(round) {
  const figures = {};
  for (const row of rowNames()) {
    process.stderr.write(`• round ${round + 1} of ${flags.rounds}: ${row}\n`);
    const turn = contestants();
    const order = [...turn.slice(round % turn.length), ...turn.slice(0, round % turn.length)];
    figures[row] = {};
    for (const contestant of order) figures[row][contestant] = await measure(contestant, row);
  }
  return figures;
}

async function measure(contestant, row) {
  const usesRedis = !ON_POSTGRES.includes(contestant);
  const name = `app_kernel_test_bench_${process.pid}`;
  const postgresUrl = usesRedis ? undefined : await createDatabase(postgres.url, name);
  try {
    const settings = JSON.stringify({ contestant, row, usesRedis, redisUrl: redis.url, postgresUrl });
    const { stdout } = await execute(process.execPath, [PROCESS, settings], { timeout: TIME_LIMIT_MS });
    return JSON.parse(stdout);
  } catch (error) {
    return {
      fault:
        String(error.stderr ?? error.message)
          .split('\n')
          .find(Boolean) ?? 'no answer in time',
    };
  } finally {
    if (postgresUrl) await dropDatabases(postgres.url, name);
  }
}

function contestants() {
  return ['ours', ...flags.peers];
}

function rowNames() {
  return Object.keys(ROWS).filter((row) => flags.only.some((part) => row.includes(part)));
}

function versions() {
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
  return flags.peers.map((peer) => `${peer} ${dependencies[peer]}`).join(', ');
}

function readFlags(args) {
  const text = { type: 'string' };
  const options = { peers: text, only: text, rounds: text, recovery: { type: 'boolean' } };
  const { values } = parseArgs({ args, options });
  const peers = values.peers === 'none' ? [] : (values.peers?.split(',') ?? PEERS);
  const unknown = peers.filter((peer) => !PEERS.includes(peer));
  if (unknown.length > 0) throw new Error(`--peers ${unknown} is unknown; there are: ${PEERS.join(', ')}`);
  const rounds = Number(values.rounds ?? 7);
  if (!(rounds >= 1)) throw new Error('--rounds must be 1 or more');
  return { peers, rounds, only: values.only?.split(',') ?? [''], recovery: values.recovery ?? false };
}
