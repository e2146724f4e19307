import { type Entry, type JobPriority, priorityOf } from './entry.js';
import { unpackEnvelope } from './envelope.js';
import { unpackRecord } from './job-record.js';

export const JOB_STATUSES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** A job as the queue shows it. */
export interface Job {
  jobId: string;
  taskName: string;
  queueName: string;
  status: JobStatus;
  data: unknown;
  priority: JobPriority;
  userId: string | null;
  metadata: Readonly<Record<string, unknown>>;
  /** Runs so far, the one under way included. */
  attempts: number;
  /** How many of them ended with the death of their worker. */
  crashes: number;
  maxAttempts: number;
  timeoutMs: number;
  enqueuedAt: Date;
  /** When a delayed job, or one that waits for its next try, is due. */
  runAt: Date | null;
  startedAt: Date | null;
  completedAt: Date | null;
  result: unknown;
  /** Name and message of the last fault. */
  error: string | null;
  progress: number | null;
  logs: readonly string[];
}

/** What Redis knows of a job that has not ended. */
export interface LiveJob {
  id: string;
  envelopeText: string;
  entry: Entry;
  claimedAt?: Date;
  runAt?: Date;
  /** The hash of what changes while it lives. */
  live: Readonly<Record<string, string>>;
}

export function liveJob(queueName: string, { id, envelopeText, entry, claimedAt, runAt, live }: LiveJob): Job {
  return {
    ...described(queueName, id, envelopeText),
    status: claimedAt ? 'running' : 'queued',
    attempts: claimedAt ? entry.run : entry.run - 1,
    crashes: entry.crashes,
    runAt: runAt ?? null,
    startedAt: claimedAt ?? null,
    completedAt: null,
    result: null,
    error: live.error ?? null,
    progress: live.progress === undefined ? null : Number(live.progress),
    logs: live.logs === undefined ? [] : (JSON.parse(live.logs) as string[]),
  };
}

export function finishedJob(queueName: string, id: string, recordText: string): Job {
  const { ending, envelopeText } = unpackRecord(recordText);
  return {
    ...described(queueName, id, envelopeText),
    status: ending.status,
    attempts: ending.attempts ?? 0,
    crashes: ending.crashes ?? 0,
    runAt: null,
    startedAt: ending.startedAt === undefined ? null : new Date(ending.startedAt),
    completedAt: new Date(ending.completedAt),
    result: ending.result ?? null,
    error: ending.error ?? null,
    progress: ending.progress ?? null,
    logs: ending.logs ?? [],
  };
}

function described(queueName: string, id: string, envelopeText: string) {
  const envelope = unpackEnvelope(envelopeText);
  return {
    jobId: id,
    taskName: envelope.task,
    queueName,
    data: envelope.data ?? null,
    priority: priorityOf(envelope.priority),
    userId: envelope.userId ?? null,
    metadata: envelope.metadata ?? {},
    maxAttempts: envelope.maxAttempts,
    timeoutMs: envelope.timeoutMs,
    enqueuedAt: new Date(envelope.enqueuedAtMs),
  };
}
