import { formatEntry, type PriorityLetter } from '../format/entry.js';
import { unpackEnvelope } from '../format/envelope.js';
import type { EnqueueOptions } from '../queue/enqueue/enqueue-options.js';

/** What happens to a time at which no worker was there. */
export type MissedTicks = 'run' | 'skip';

/** A task that runs again and again. */
export interface Schedule {
  scheduleId: string;
  taskName: string;
  cron: string;
  timezone: string;
  missed: MissedTicks;
  data: unknown;
  nextRunAt: Date;
}

/** A schedule as Redis holds it. */
export interface StoredSchedule {
  cron: string;
  timezone: string;
  missed: MissedTicks;
  /** The packed envelope of each of its jobs. */
  envelope: string;
}

const DEFAULT_TIMEZONE = 'UTC';

export function packSchedule(options: EnqueueOptions & { cron: string }, envelope: string): string {
  const { cron, timezone = DEFAULT_TIMEZONE, missed = 'run' } = options;
  return JSON.stringify({ cron, timezone, missed, envelope } satisfies StoredSchedule);
}

export function unpackSchedule(text: string): StoredSchedule {
  return JSON.parse(text) as StoredSchedule;
}

/** The id of the job that a schedule starts at a time. */
export function tickJobId(scheduleId: string, tick: number): string {
  return `${scheduleId}@${new Date(tick).toISOString()}`;
}

/** The first entry of such a job; an envelope begins with the letter of its priority. */
export function tickEntry(envelope: string, jobId: string): string {
  return formatEntry({ priority: envelope.charAt(0) as PriorityLetter, run: 1, crashes: 0, id: jobId });
}

export function shownSchedule(scheduleId: string, text: string, nextRunAt: number): Schedule {
  const { envelope, ...schedule } = unpackSchedule(text);
  const { task, data } = unpackEnvelope(`${'0'.repeat(13)}${envelope}`);
  return { scheduleId, taskName: task, ...schedule, data: data ?? null, nextRunAt: new Date(nextRunAt) };
}
