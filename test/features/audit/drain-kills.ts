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
import { connect } from '../../../src/orm/index.js';
import { connectRedis } from '../../../src/redis/index.js';
import { EventHub } from '../../../src/telemetry/events/index.js';

const PROCESS = fileURLToPath(new URL('draining-process.mjs', import.meta.url));
const PREFIX = 'drain-kills:';
const EVENTS_PER_LIFE = 60;

export interface DrainFigures {
  kills: number;
  /** Kills of a process that had taken a batch and not said that it was stored. */
  between: number;
  published: number;
  lost: number;
  doubled: number;
  dead: number;
  chainFaults: number;
}

/** Kills processes that store audit events, soon after they took a batch, and then counts what became of the events. */
export async function killDrains(
  urls: { databaseUrl: string; redisUrl: string },
  kills: number,
  random: () => number,
): Promise<DrainFigures> {
  const db = await connect(urls.databaseUrl, { entities: [KernelAuditLog, KernelAuditState] });
  await db.migrate();
  const redis = await connectRedis({ url: urls.redisUrl });
  const parts = { redis: redis.client, prefix: PREFIX, logger: silentLogger, metrics: silentMetrics };
  const hub = new EventHub({ ...parts, leaseMs: 200 });
  const store = new AuditStore({ database: db, telemetry: db });
  const audit = new AuditLogger(hub.open<AuditEvent>({ key: 'audit_events', save: store.save, batchSize: 20 }));
  const published: string[] = [];
  let between = 0;
  try {
    for (let life = 0; life < kills; life++) {
      for (let index = 0; index < EVENTS_PER_LIFE; index++) {
        const eventId = `event ${life}.${index}`;
        if (audit.log({ action: 'killed', eventId })) published.push(eventId);
      }
      await hub.flush();
      if (await drainUntilKilled({ ...urls, prefix: PREFIX }, random)) between += 1;
    }
    await vi.waitFor(
      async () => {
        await hub.settle();
        const { waiting, taken } = await hub.state('audit_events');
        expect(waiting + taken).toBe(0);
      },
      { timeout: 60_000, interval: 50 },
    );
    const stored = (await KernelAuditLog.find({ select: ['eventId'], db })).map(({ eventId }) => eventId);
    const distinct = new Set(stored);
    return {
      kills,
      between,
      published: published.length,
      lost: published.filter((id) => !distinct.has(id)).length,
      doubled: stored.length - distinct.size,
      dead: await hub.deadLetters('audit_events').count(),
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
  let last = '';
  for await (const line of createInterface({ input: child.stdout })) {
    last = line;
    if (line === 'taken' && --left === 0) setTimeout(() => child.kill('SIGKILL'), random() * 12);
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return last === 'taken';
}
