import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createDatabase, dropDatabases, startPostgres, startRedis } from '../../scripts/servers/index.mjs';
import { openContestant } from './contestant.mjs';

const NAMES = ['without', 'published', 'stored'];
const RESULTS = fileURLToPath(new URL('results/', import.meta.url));

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1)); // the servers end with us

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'sqlite,postgres' },
    rounds: { type: 'string', default: '15' },
    writes: { type: 'string', default: '2000' },
  },
});
const rounds = Number(values.rounds);
const writes = Number(values.writes);

const redis = await startRedis();
const folder = mkdtempSync(join(tmpdir(), 'app-kernel-bench-'));
try {
  mkdirSync(RESULTS, { recursive: true });
  for (const engine of values.engine.split(',')) {
    const markdown = markdownOf(engine, await measureOn(engine));
    console.log(`\n${markdown}`);
    writeFileSync(`${RESULTS}${engine}.md`, markdown);
  }
} finally {
  await redis.close();
  rmSync(folder, { recursive: true, force: true });
}

/** A round is a slice of each, in another order every time, so that what else the machine does meets all of them. */
async function measureOn(engine) {
  const databases = await databasesOf(engine);
  const contestants = [];
  try {
    for (const name of NAMES) {
      const places = { engine, databaseUrl: await databases.create(name), redisUrl: redis.url, folder };
      contestants.push(await openContestant(name, places));
    }
    for (const contestant of contestants) await contestant.measure(writes); // not counted: code gets warm
    const measured = Object.fromEntries(NAMES.map((name) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      process.stderr.write(`• ${engine}, round ${round + 1} of ${rounds}\n`);
      const turn = round % contestants.length;
      for (const contestant of [...contestants.slice(turn), ...contestants.slice(0, turn)]) {
        measured[contestant.name].push(await contestant.measure(writes));
        await contestant.forget();
      }
    }
    return measured;
  } finally {
    for (const contestant of contestants) await contestant.close();
    await databases.close();
  }
}

async function databasesOf(engine) {
  if (engine === 'sqlite') {
    return { create: async (name) => `sqlite:${join(folder, `${name}.db`)}`, close: async () => {} };
  }
  const server = await startPostgres();
  const named = (name) => `app_kernel_test_bench_${process.pid}_${name}`;
  return {
    create: (name) => createDatabase(server.url, named(name)),
    close: async () => {
      await dropDatabases(server.url, named(''));
      await server.close();
    },
  };
}

function markdownOf(engine, measured) {
  const lines = NAMES.map((name) => {
    const extra = measured[name].map((value, round) => value - measured.without[round]);
    return `| ${name} | ${spread(measured[name])} | ${name === 'without' ? '' : spread(extra)} |\n`;
  });
  return (
    `### ${engine}: CPU of the process for each write, µs\n\n| audit | median (range) | more than without |\n|---|---|---|\n` +
    `${lines.join('')}\n${rounds} rounds of ${writes} writes each, Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}\n`
  );
}

function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, middle, high] = [0, (sorted.length - 1) >> 1, sorted.length - 1].map((at) => Math.round(sorted[at]));
  return `${middle} (${low} to ${high})`;
}
