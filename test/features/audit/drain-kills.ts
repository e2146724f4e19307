import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, vi } from 'vitest';
import { silentLogger, silentMetrics } from '../../../src/base/ports.js';
import {
  type AuditEvent,
  AuditLogger,
  AuditStore,
  KernelAuditLog,
  KernelAuditState,
  verifyChain,
} from '../../../src/features/audit/index.js';
import { UsageEvent, type UsageRecord, UsageStore, UsageSummary } from '../../../src/features/metering/index.js';
import { customUsage } from '../../../src/features/metering/usage-event.js';
import { connect } from '../../../src/orm/index.js';
import { connectRedis } from '../../../src/redis/index.js';
import { EventHub } from '../../../src/telemetry/events/index.js';

const PROCESS = fileURLToPath(new URL('draining-process.mjs', import.meta.url));
const PREFIX = 'drain-kills:';
const EVENTS_PER_LIFE = 60;
const CHANNELS = ['audit_events', 'metering_events'];
/** When all is used: no run is cut in two by midnight. */
const USED_AT = new Date('2026-01-15T12:00:00Z');

export interface DrainFigures {
  kills: number;
  /** Kills of a process that had taken a batch and not said that it was stored. */
  between: number;
  published: number;
  lost: number;
  doubled: number;
  /** Most by which a sum of uses, of the day, month or year, is off what was told. */
  miscounted: number;
  dead: number;
  chainFaults: number;
}

/** Kills processes that store audit events and uses, soon after they took a batch, and then counts what became of these. */
export async function killDrains(
  urls: { databaseUrl: string; redisUrl: string },
  kills: number,
  random: () => number,
): Promise<DrainFigures> {
  const db = await connect(urls.databaseUrl, {
    entities: [KernelAuditLog, KernelAuditState, UsageEvent, UsageSummary],
  });
  await db.migrate();
  const redis = await connectRedis({ url: urls.redisUrl });
  const parts = { redis: redis.client, prefix: PREFIX, logger: silentLogger, metrics: silentMetrics };
  const hub = new EventHub({ ...parts, leaseMs: 200 });
  const store = new AuditStore({ database: db, telemetry: db });
  const audit = new AuditLogger(hub.open<AuditEvent>({ key: 'audit_events', save: store.save, batchSize: 20 }));
  const usage = new UsageStore({ app: 'app', db });
  const save = (batch: readonly UsageRecord[]): Promise<void> => usage.save(batch);
  const uses = hub.open<UsageRecord>({ key: 'metering_events', save, batchSize: 20 });
  const published: string[] = [];
  let between = 0;
  try {
    for (let life = 0; life < kills; life++) {
      for (let index = 0; index < EVENTS_PER_LIFE; index++) {
        const eventId = `event ${life}.${index}`;
        const use = customUsage({ userId: 'ann', eventId, metrics: { tokens: 1 }, timestamp: USED_AT }, 'app');
        if (audit.log({ action: 'killed', eventId }) && uses.push(use)) published.push(eventId);
      }
      await hub.flush();
      if (await drainUntilKilled({ ...urls, prefix: PREFIX }, random)) between += 1;
    }
    await vi.waitFor(
      async () => {
        await hub.settle();
        for (const key of CHANNELS) expect(await hub.state(key)).toMatchObject({ waiting: 0, taken: 0 });
      },
      { timeout: 60_000, interval: 50 },
    );
    const stored = (await KernelAuditLog.find({ select: ['eventId'], db })).map(({ eventId }) => eventId);
    const distinct = new Set(stored);
    const sums = await Promise.all(
      ['2026-01-15', '2026-01', '2026'].map(async (period) => (await usage.getUsage({ period })).tokens ?? 0),
    );
    const dead = await Promise.all(CHANNELS.map((key) => hub.deadLetters(key).count()));
    return {
      kills,
      between,
      published: published.length,
      lost: published.filter((id) => !distinct.has(id)).length,
      doubled: stored.length - distinct.size,
      miscounted: Math.max(...sums.map((sum) => Math.abs(sum - published.length))),
      dead: dead.reduce((sum, count) => sum + count, 0),
      chainFaults: (await verifyChain({ db })).faults.length,
    };
  } finally {
    await hub.close();
    await redis.close();
    await db.close();
  }
}

/** @returns whether it was killed between taking a batch and saying that it is stored. */
async function drainUntilKilled(settings: object, random: () => number): Promise<boolean> {
  const args = [PROCESS, JSON.stringify(settings)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let left = 1 + Math.floor(random() * 3);
  let open = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    open += line === 'taken' ? 1 : -1;
    if (line === 'taken' && --left === 0) setTimeout(() => child.kill('SIGKILL'), random() * 12);
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return open > 0;
}
