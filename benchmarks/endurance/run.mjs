import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createDatabase, dropDatabases, startPostgres, startRedis } from '../../scripts/servers/index.mjs';
import { answerOf, ask, forkContestant, REQUESTS, runLoad, stop } from '../http/measure.mjs';
import { prolonged } from '../http/production/tokens.mjs';
import { RedisReads } from './redis-reads.mjs';

const MB = 2 ** 20;
const STEPS = 10;
const LEAST = 20_000;
const KIND = 'production';
const RESULTS = fileURLToPath(new URL('results/', import.meta.url));

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1)); // the servers end with us

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    connections: { type: 'string', default: '50' },
  },
});
const requests = Number(values.requests);
const connections = Number(values.connections);
if (!(requests >= LEAST))
  throw new Error(`--requests must be ${LEAST} or more: a step must be warm, and have one for each connection`);
const redis = await startRedis();
const postgres = await startPostgres();
const database = `app_kernel_test_bench_${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), 'app-kernel-bench-'));
try {
  const databaseUrl = await createDatabase(postgres.url, database);
  const settings = { kind: KIND, contestant: 'ours', folder, databaseUrl, redisUrl: redis.url };
  const child = forkContestant(KIND, JSON.stringify(settings));
  try {
    const markdown = await endure(child);
    console.log(markdown);
    mkdirSync(RESULTS, { recursive: true });
    writeFileSync(`${RESULTS}endurance.md`, markdown);
  } finally {
    await stop(child);
  }
} finally {
  await dropDatabases(postgres.url, database);
  await redis.close();
  await postgres.close();
  rmSync(folder, { recursive: true, force: true });
}

async function endure(child) {
  const { port, tokens: issued } = await answerOf(child);
  const tokens = issued.map(prolonged); // a slow machine needs longer than a token lives
  const load = (much) => runLoad({ ...REQUESTS[KIND], port, tokens, ...much });
  const reads = await RedisReads.open(redis.url);
  try {
    const lines = [await look(child, 'after the start', {})];
    await load({ amount: requests / 100, connections });
    await reads.during(() => wait(5_000)).then(({ perSecond }) => reads.setIdle(perSecond));
    const alone = await reads.during(() => load({ amount: requests / 200, connections: 1 }));
    lines.push(await look(child, `${requests / 200} of one caller`, alone));
    for (let step = 1; step <= STEPS; step++) {
      process.stderr.write(`• ${step} of ${STEPS}\n`);
      const seen = await reads.during(() => load({ amount: requests / STEPS, connections }));
      lines.push(await look(child, `${(step * requests) / STEPS}`, seen));
    }
    return markdownOf(lines);
  } finally {
    await reads.close();
  }
}

async function look(child, name, { answer, perRequest }) {
  if (answer?.failed) throw new Error(`${name}: ${answer.failed} of ${answer.answered} requests failed`);
  const { rss } = await ask(child, 'cpu');
  return [name, (rss / MB).toFixed(0), perRequest?.toFixed(2) ?? '', answer?.perSecond.toFixed(0) ?? ''];
}

function markdownOf(lines) {
  const head = ['requests', 'RSS, MB', 'times Redis was asked, per request', 'requests/s'];
  const table = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  const machine = `${cpus().length} × ${cpus()[0].model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
  return `${machine}; ${connections} connections, everything on.\n\n${table}\n`;
}
