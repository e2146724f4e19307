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
  /** The number of its offer to stand by, if there is nothing to claim; 0 for none. */
  offer?: number;
  /** The server may hold an offer that it made before: it ends. */
  mayStandBy?: boolean;
}

export interface StepReply {
  /** Claims whose acknowledgement was refused. */
  stale: readonly string[];
  /** Claim, envelope, claim, envelope… */
  taken: readonly string[];
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
  /** Distance in time between two jobs that were lost more than once, ms. */
  suspectDelayMs: number;
  /** How many tasks it offers; left out where it may not stand by. */
  taskCount?: () => number;
}

const NO_LIMITS: ReadonlyMap<string, TaskLimits> = new Map();

/** Acknowledges and claims in one round trip. */
export async function runStep(
  worker: StepWorker,
  { acknowledgements, wanted, mayHold, offer = 0, mayStandBy = false }: StepRequest,
): Promise<StepReply> {
  const { resultTtlMs, maxFinished, deadTtlMs, maxDead } = worker.settings;
  const limits = worker.limits ?? NO_LIMITS;
  const plain: string[] = [];
  const records: string[] = [];
  const others: Array<string | number> = [];
  for (const { kind, claim, payload, isPlain, delayMs = 0, fault = '', task } of acknowledgements) {
    const isLimited = limits.has(task);
    if (isPlain && !isLimited) {
      plain.push(claim);
      if (resultTtlMs > 0) records.push(payload);
    } else {
      others.push(kind, claim, payload, delayMs, fault, isLimited ? task : '');
    }
  }
  const kept = [resultTtlMs, maxFinished, deadTtlMs, maxDead];
  const counts = [formatLimits(limits), plain.length, worker.suspectDelayMs];
  const standingBy = [offer, mayStandBy ? 1 : 0, worker.taskCount?.() ?? 0];
  const header = [worker.id, worker.leaseMs, wanted, mayHold, ...kept, ...counts, ...standingBy];
  const reply = await runScript(worker.redis, STEP, [worker.keys.base], header.concat(plain, records, others));
  const [stale, taken, held, nextDue, now, wasLost] = reply as [string[], string[], number, string, string, number];
  return {
    stale,
    taken,
    held,
    nextDueMs: nextDue === '' ? undefined : Number(nextDue),
    now: Number(now),
    wasLost: wasLost === 1,
  };
}

/** Everything the server holds for this worker: envelopes by claim. */
export async function readHeld(worker: StepWorker): Promise<ReadonlyMap<string, string>> {
  const claims = await worker.redis.lrange(worker.keys.processing(worker.id), 0, -1);
  const ids = claims.map((claim) => parseClaim(claim).id);
  const envelopes = ids.length > 0 ? await worker.redis.hmget(worker.keys.jobs, ...ids) : [];
  return new Map(claims.map((claim, i) => [claim, envelopes[i] ?? '']));
}
