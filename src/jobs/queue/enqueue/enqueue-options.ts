import { currentContext } from '../../../base/context.js';
import { ValidationError } from '../../../base/errors.js';
import { jsonLoss } from '../../../base/json-loss.js';
import { type JobPriority, PRIORITY_NAMES, priorityLetter } from '../../format/entry.js';
import { type CarriedContext, packEnvelope } from '../../format/envelope.js';
import type { TaskOptions } from '../../job-registry.js';
import type { MissedTicks } from '../../schedule/schedule.js';
import type { QueueSettings } from '../queue-settings.js';
import type { EnqueueRequest } from './enqueue-batch.js';
import { newJobId } from './job-id.js';

export interface EnqueueOptions {
  /** An id of the caller's choice: while a job of this id is known, another one is not taken. */
  jobId?: string | undefined;
  /** Start after this many ms. */
  delayMs?: number | undefined;
  /** Start at this time. */
  runAt?: Date | undefined;
  priority?: JobPriority | undefined;
  /** Failures before it goes to the dead letters. */
  maxAttempts?: number | undefined;
  /** Longest run, ms. */
  timeoutMs?: number | undefined;
  /** On whose behalf; by default the user who acts. */
  userId?: string | undefined;
  /** Anything the handler should find in `ctx.metadata`. */
  metadata?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Start again and again at the times this expression names: minute, hour, day of month, month, day of week, with
   * seconds before them if there are six. `jobId`, by default the task's name, then names the schedule: one of this
   * name is changed. For each time one job starts, however many workers there are.
   */
  cron?: string | undefined;
  /** Where the clock hangs that `cron` goes by. Default UTC. */
  timezone?: string | undefined;
  /** After a time without any worker: `run` makes up for the times missed by one job, `skip` waits for the next. Default `run`. */
  missed?: MissedTicks | undefined;
}

const JOB_ID = /^[\x21-\x7e]{1,200}$/;
const isCount = (value: unknown) => Number.isInteger(value) && Number(value) >= 1;
/** A century; much more than that is no date. */
const LONGEST_DELAY_MS = 100 * 365 * 86_400_000;

/** What each option must be, and how a fault says so. */
const RULES: Readonly<Record<keyof EnqueueOptions, readonly [isValid: (value: unknown) => boolean, msg: string]>> = {
  jobId: [(value) => typeof value === 'string' && JOB_ID.test(value), 'must be 1 to 200 visible ASCII characters'],
  delayMs: [
    (value) => typeof value === 'number' && value >= 0 && value <= LONGEST_DELAY_MS,
    'must be from 0 to 100 years, in ms',
  ],
  runAt: [(value) => value instanceof Date && value.getTime() >= 0, 'must be a Date'],
  priority: [(value) => PRIORITY_NAMES.some((name) => name === value), `must be one of ${PRIORITY_NAMES.join(', ')}`],
  maxAttempts: [isCount, 'must be a whole number, 1 or more'],
  timeoutMs: [isCount, 'must be a whole number, 1 or more'],
  userId: [(value) => typeof value === 'string', 'must be a string'],
  metadata: [(value) => typeof value === 'object' && value !== null, 'must be an object'],
  cron: [(value) => typeof value === 'string' && value.trim() !== '', 'must be a cron expression'],
  timezone: [(value) => typeof value === 'string', 'must name a time zone, such as Europe/Berlin'],
  missed: [(value) => value === 'run' || value === 'skip', 'must be "run" or "skip"'],
};

/**
 * What goes to Redis for one call of `enqueue`.
 * @throws ValidationError naming every faulty option, and data that JSON cannot carry.
 */
export function enqueueRequest(
  task: string,
  data: unknown,
  options: EnqueueOptions,
  defaults: TaskOptions,
  settings: QueueSettings,
): EnqueueRequest {
  const isSchedule = options.cron !== undefined; // its jobs are nobody's request
  assertOptions(isSchedule ? { jobId: task, ...options } : options);
  const id = options.jobId ?? (isSchedule ? task : newJobId());
  const priority = priorityLetter(options.priority ?? 'normal');
  const envelope = packed(settings.maxDataBytes, data, () =>
    packEnvelope({
      task,
      data,
      priority,
      maxAttempts: options.maxAttempts ?? defaults.maxAttempts ?? settings.maxAttempts,
      timeoutMs: options.timeoutMs ?? defaults.timeoutMs ?? settings.timeoutMs,
      userId: options.userId ?? (isSchedule ? undefined : actingUser()),
      metadata: options.metadata,
      context: isSchedule ? undefined : carriedContext(),
    }),
  );
  return { id, envelope, due: dueOf(options), named: options.jobId !== undefined };
}

function assertOptions(options: EnqueueOptions): void {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  if (given.length === 0) return;
  const faults = given.flatMap(([name, value]) => faultOf(name, value));
  faults.push(...conflictsOf(options));
  if (faults.length === 0) return;
  throw new ValidationError(faults.map(([name, msg]) => ({ loc: ['options', name], msg, type: 'job_option' })));
}

function conflictsOf({ delayMs, runAt, cron, timezone, missed }: EnqueueOptions): Array<[name: string, msg: string]> {
  const faults: Array<[name: string, msg: string]> = [];
  if (delayMs !== undefined && runAt) faults.push(['runAt', 'cannot be given together with delayMs']);
  if (cron !== undefined && (delayMs !== undefined || runAt)) {
    faults.push(['cron', 'cannot be given together with delayMs or runAt']);
  }
  if (cron === undefined && timezone !== undefined)
    faults.push(['timezone', 'means something only together with cron']);
  if (cron === undefined && missed !== undefined) faults.push(['missed', 'means something only together with cron']);
  return faults;
}

function faultOf(name: string, value: unknown): Array<[name: string, msg: string]> {
  if (!Object.hasOwn(RULES, name)) return [[name, `is not an option; there are ${Object.keys(RULES).join(', ')}`]];
  const [isValid, msg] = RULES[name as keyof EnqueueOptions];
  return isValid(value) ? [] : [[name, msg]];
}

function packed(maxBytes: number, data: unknown, pack: () => string): string {
  let envelope: string;
  try {
    envelope = pack();
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw dataFault(`cannot be written as JSON (${reason}); pass plain data`, error);
  }
  const loss = jsonLoss(data, envelope);
  if (loss) throw dataFault(`cannot be written as JSON (${loss} has no form in it); pass plain data`);
  if (envelope.length * 3 <= maxBytes) return envelope; // no character takes more
  const bytes = Buffer.byteLength(envelope);
  if (bytes <= maxBytes) return envelope;
  throw dataFault(`is ${bytes} bytes as JSON, more than ${maxBytes}; pass an id and let the handler load the rest`);
}

function dataFault(msg: string, cause?: unknown): ValidationError {
  return new ValidationError([{ loc: ['data'], msg, type: 'job_data' }], undefined, { cause });
}

function dueOf({ delayMs, runAt }: EnqueueOptions): string {
  if (runAt) return String(runAt.getTime());
  return delayMs ? `+${Math.round(delayMs)}` : '';
}

function actingUser(): string | undefined {
  const { actor } = currentContext();
  return actor?.type === 'user' ? actor.id : undefined;
}

function carriedContext(): CarriedContext | undefined {
  const { requestId, actor, tenantId, trace } = currentContext();
  if (requestId === undefined && !actor && tenantId === undefined && !trace) return undefined;
  return {
    ...(requestId !== undefined && { requestId }),
    ...(actor && { actor }),
    ...(tenantId !== undefined && { tenantId }),
    ...(trace && { trace }),
  };
}
