import { type RedisClient, runScript } from '../../redis/index.js';
import type { Acknowledgement } from '../format/acknowledgement.js';
import { parseClaim } from '../format/entry.js';
import type { QueueKeys } from '../format/queue-keys.js';
import { formatLimits, type TaskLimits } from '../format/task-limits.js';
import type { QueueSettings } from '../queue/queue-settings.js';
import { STEP } from './step-script.js';

export interface StepRequest {
  acknowledgements: readonly Acknowledgement[];
  /** Jobs to claim. */
  wanted: number;
  /** Most claims it may hold. */
  mayHold: number;
}

export interface StepReply {
  /** Claims whose acknowledgement was refused. */
  stale: readonly string[];
  claimed: ReadonlyArray<{ claim: string; envelope: string }>;
  /** How many claims the server holds for this worker. */
  held: number;
  /** When the next delayed job is due, ms from now; undefined when none waits, or not asked for. */
  nextDueMs: number | undefined;
  /** Redis time, ms. */
  now: number;
  /** This worker was taken for dead before this step: what it held went to others. */
  wasLost: boolean;
}

export interface StepWorker {
  id: string;
  leaseMs: number;
  redis: RedisClient;
  keys: QueueKeys;
  settings: QueueSettings;
  /** Of the tasks it offers. */
  limits?: ReadonlyMap<string, TaskLimits>;
}

/** Acknowledges and claims in one round trip. */
export async function runStep(
  worker: StepWorker,
  { acknowledgements, wanted, mayHold }: StepRequest,
): Promise<StepReply> {
  const { resultTtlMs, maxFinished, deadTtlMs, maxDead } = worker.settings;
  const limits = worker.limits ?? new Map();
  const kept = [resultTtlMs, maxFinished, deadTtlMs, maxDead];
  const header = [worker.id, worker.leaseMs, wanted, mayHold, ...kept, formatLimits(limits)];
  const args = acknowledgements.flatMap(({ kind, claim, id, payload, delayMs, fault, task }) => [
    kind,
    claim,
    id,
    payload,
    delayMs ?? 0,
    fault ?? '',
    limits.has(task) ? task : '',
  ]);
  const reply = await runScript(worker.redis, STEP, [worker.keys.base], [...header, ...args]);
  const [stale, taken, held, nextDue, now, wasLost] = reply as [string[], string[], number, string, string, number];
  return {
    stale,
    claimed: taken.flatMap((claim, i) => (i % 2 ? [] : [{ claim, envelope: taken[i + 1] ?? '' }])),
    held,
    nextDueMs: nextDue === '' ? undefined : Number(nextDue),
    now: Number(now),
    wasLost: wasLost === 1,
  };
}

/** Everything the server holds for this worker. */
export async function readHeld(worker: StepWorker): Promise<StepReply['claimed']> {
  const claims = await worker.redis.lrange(worker.keys.processing(worker.id), 0, -1);
  const ids = claims.map((claim) => parseClaim(claim).id);
  const envelopes = ids.length > 0 ? await worker.redis.hmget(worker.keys.jobs, ...ids) : [];
  return claims.map((claim, i) => ({ claim, envelope: envelopes[i] ?? '' }));
}
