import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { silentLogger } from '../../../src/base/ports.js';
import { KernelJobOutbox, Outbox } from '../../../src/features/jobs/index.js';
import { JobQueue, JobRegistry, JobWorker } from '../../../src/jobs/index.js';
import { connect, type Database } from '../../../src/orm/index.js';
import { connectRedis } from '../../../src/redis/index.js';
import { until } from '../../jobs/queue-fixture.js';

const PROCESS = fileURLToPath(new URL('committing-process.mjs', import.meta.url));

export interface OutboxFigures {
  kills: number;
  /** Kills after which a committed row's job was still to be pushed, or its row to be deleted. */
  between: number;
  committed: number;
  /** Committed rows whose job never ran. */
  lost: number;
  /** Jobs that ran for a row that was rolled back. */
  ghosts: number;
  /** Jobs that ran more than once. */
  reruns: number;
}

/** Where a process dies: at any moment, between commit and push, between push and the end of its row in the outbox. */
const MOMENTS = [undefined, 'committed', 'pushed'] as const;
const MOST_TRANSACTIONS = 20;

/** Kills processes that commit rows with jobs, by turns at each of the moments, and then counts what became of the jobs. */
export async function killCommitters(
  urls: { databaseUrl: string; redisUrl: string },
  kills: number,
  random: () => number,
): Promise<OutboxFigures> {
  const db = await connect(urls.databaseUrl, { entities: [KernelJobOutbox] });
  await db.migrate();
  await db.execute('CREATE TABLE ledger (name VARCHAR(50))');
  const connection = await connectRedis({ url: urls.redisUrl });
  const runs = new Map<string, number>();
  const registry = JobRegistry.from({
    work: (data) => void runs.set(String(data), (runs.get(String(data)) ?? 0) + 1),
  });
  const outbox = new Outbox({ db, logger: silentLogger, leftAfterMs: 0, lookMs: 20 });
  const queue = new JobQueue({ redis: connection.jobs, prefix: 'outbox:', registry, outbox });
  const worker = new JobWorker({ queue, registry, concurrency: 10, pollMs: 50 });
  try {
    let between = 0;
    for (let life = 0; life < kills; life++) {
      const before = await idsOf(db);
      const dieAt = MOMENTS[life % MOMENTS.length];
      await commitUntilKilled({ ...urls, life, dieAt }, random);
      if ([...(await idsOf(db))].some((id) => !before.has(id))) between += 1;
    }
    outbox.start(queue);
    await worker.start();
    await until(() => isDone(db, queue), 'all jobs to be done', 30_000);
    return { kills, between, ...figures(await namesOf(db), runs) };
  } finally {
    await worker.stop();
    await outbox.stop();
    queue.close();
    await connection.close();
    await db.close();
  }
}

/** It dies some transactions after it began: where it is told to, or somewhere in the next one. */
async function commitUntilKilled(
  settings: { dieAt: (typeof MOMENTS)[number]; life: number; databaseUrl: string; redisUrl: string },
  random: () => number,
): Promise<void> {
  let left = 3 + Math.floor(random() * MOST_TRANSACTIONS);
  const args = [PROCESS, JSON.stringify({ ...settings, dieAfter: left, prefix: 'outbox:' })];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const _line of createInterface({ input: child.stdout })) {
    if (!settings.dieAt && --left === 0) setTimeout(() => child.kill('SIGKILL'), random() * 5);
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
}

async function isDone(db: Database, queue: JobQueue): Promise<true | undefined> {
  const { waiting, running } = await queue.stats();
  return waiting + running === 0 && (await KernelJobOutbox.count({ db })) === 0 ? true : undefined;
}

async function idsOf(db: Database): Promise<Set<unknown>> {
  return new Set((await KernelJobOutbox.find({ db })).map(({ id }) => id));
}

async function namesOf(db: Database): Promise<Set<string>> {
  const rows = await db.query<{ name: string }>('SELECT name FROM ledger');
  return new Set(rows.map(({ name }) => name));
}

function figures(
  committed: ReadonlySet<string>,
  runs: ReadonlyMap<string, number>,
): Omit<OutboxFigures, 'kills' | 'between'> {
  return {
    committed: committed.size,
    lost: [...committed].filter((name) => !runs.has(name)).length,
    ghosts: [...runs.keys()].filter((name) => !committed.has(name)).length,
    reruns: [...runs.values()].filter((times) => times > 1).length,
  };
}
