import { jittered } from '../../base/backoff.js';
import { describeFault } from '../job-errors.js';
import type { JobRun, Outcome } from '../worker/job-run.js';
import type { ResolvedWorkerOptions } from '../worker/worker-options.js';
import { formatEntry } from './entry.js';
import { type JobEnding, packRecord } from './job-record.js';

/** What a worker tells the queue about a claim; the arguments of the step script. */
export interface Acknowledgement {
  kind: 'succeeded' | 'failed' | 'cancelled' | 'retry' | 'return';
  claim: string;
  task: string;
  /** A record, or the entry to put back. */
  payload: string;
  /** It succeeded in its first run and showed nothing, so that only its record remains. */
  isPlain: boolean;
  delayMs?: number;
  fault?: string;
}

export type AckPolicy = Pick<ResolvedWorkerOptions, 'retryJitter' | 'unknownTaskMs'> & {
  /** Waits before the second, third… try of a task, ms. */
  retryDelaysOf(task: string): readonly number[];
  /** Whether anything is kept of a job that did not fail. */
  keepsResults: boolean;
  /** Redis time, ms. */
  now(): number;
};

/** How long a job waits, for a worker that knows its task to come along, ms. */
const HAND_ON_MS = 5000;
/** Largest result that is kept, characters of JSON. */
const MAX_RESULT = 1_048_576;

/** What follows from how a run ended; nothing when the job belongs to another worker. */
export function acknowledge(run: JobRun, outcome: Outcome, policy: AckPolicy): Acknowledgement | undefined {
  switch (outcome.kind) {
    case 'succeeded':
      return succeeded(run, outcome.result, policy);
    case 'cancelled':
      return ended(run, 'cancelled', {}, policy);
    case 'failed':
      return failed(run, outcome.error, policy);
    case 'interrupted':
      return { kind: 'return', ...subject(run), payload: formatEntry(run.claim) };
    case 'lost':
      return undefined;
  }
}

/**
 * A job of a task that only other workers know goes on unchanged; it is given up when nobody has offered the task for
 * long, neither since it was enqueued nor since `offeredAt`.
 */
export function handOn(run: JobRun, error: Error, offeredAt: number, policy: AckPolicy): Acknowledgement {
  const lastHope = Math.max(offeredAt, run.envelope.enqueuedAtMs);
  if (policy.now() - lastHope > policy.unknownTaskMs) return giveUp(run, error, policy);
  return again(run, run.claim.run, jittered(HAND_ON_MS, policy.retryJitter), error);
}

/** A job that no run can help. */
export function giveUp(run: JobRun, error: unknown, policy: AckPolicy): Acknowledgement {
  return ended(run, 'failed', { error: describeFault(error) }, policy);
}

/** The work is done, so a result that cannot be kept is no reason to do it again. */
function succeeded(run: JobRun, result: unknown, policy: AckPolicy): Acknowledgement {
  try {
    const length = result === undefined || !policy.keepsResults ? 0 : (JSON.stringify(result)?.length ?? 0);
    if (length > MAX_RESULT) throw new RangeError(`${length} characters of JSON are more than ${MAX_RESULT}`);
    return ended(run, 'succeeded', { result }, policy);
  } catch (error) {
    const note = `The result cannot be kept: ${describeFault(error)}`;
    return ended(run, 'succeeded', { result: null, error: note }, policy);
  }
}

function failed(run: JobRun, error: unknown, policy: AckPolicy): Acknowledgement {
  const failures = run.claim.run - run.claim.crashes;
  if (failures >= run.envelope.maxAttempts) return giveUp(run, error, policy);
  const delays = policy.retryDelaysOf(run.envelope.task);
  const delay = delays[Math.min(failures, delays.length) - 1] ?? 0;
  return again(run, run.claim.run + 1, jittered(delay, policy.retryJitter), error);
}

function again(run: JobRun, nextRun: number, delayMs: number, error: unknown): Acknowledgement {
  const payload = formatEntry({ ...run.claim, run: nextRun });
  return { kind: 'retry', ...subject(run), payload, delayMs, fault: describeFault(error) };
}

function ended(
  run: JobRun,
  kind: JobEnding['status'],
  facts: Pick<JobEnding, 'result' | 'error'>,
  policy: AckPolicy,
): Acknowledgement {
  const { claim, envelope } = run;
  const { progress, logs } = run.reported;
  const isPlain = kind === 'succeeded' && claim.isFirst && progress === undefined && logs === undefined;
  const payload =
    kind !== 'failed' && !policy.keepsResults
      ? ''
      : packRecord(
          {
            status: kind,
            completedAt: policy.now(),
            startedAt: claim.claimedAtMs,
            attempts: claim.run,
            crashes: claim.crashes || undefined,
            ...facts,
            progress,
            logs,
          },
          envelope.text,
        );
  return { kind, claim: claim.text, task: envelope.task, payload, isPlain };
}

function subject({ claim, envelope }: JobRun): Pick<Acknowledgement, 'claim' | 'task' | 'isPlain'> {
  return { claim: claim.text, task: envelope.task, isPlain: false };
}
