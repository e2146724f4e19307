import { ConfigError, type ConfigFault, ValidationError } from '../../base/errors.js';
import type { Logger, Metrics } from '../../base/ports.js';
import { suggestion } from '../../base/spelling.js';
import type { RedisClient } from '../../redis/index.js';
import type { JobOutbox } from '../job-outbox.js';
import type { JobRegistry } from '../job-registry.js';
import type { QueueSettings } from './queue-settings.js';
import type { QueueSignals } from './queue-signals.js';

export interface JobQueueOptions extends Partial<QueueSettings> {
  redis: RedisClient;
  /** Begins every key. Default `queue:`. */
  prefix?: string;
  /** Default `default`. */
  name?: string;
  /** The tasks that may be enqueued; without it those that workers say they run. */
  registry?: JobRegistry;
  /** Takes what is enqueued inside a transaction; without it such jobs are in line at once. */
  outbox?: JobOutbox | undefined;
  /** Opens the client that hears wake-ups and events; a duplicate of `redis` by default. */
  openSubscriber?: () => RedisClient;
  /** Those of another queue, in place of a client of its own. */
  signals?: QueueSignals;
  logger?: Logger;
  metrics?: Metrics;
}

const NAMES: Readonly<Record<keyof Required<JobQueueOptions>, true>> = {
  redis: true,
  prefix: true,
  name: true,
  registry: true,
  outbox: true,
  openSubscriber: true,
  signals: true,
  logger: true,
  metrics: true,
  maxAttempts: true,
  timeoutMs: true,
  resultTtlMs: true,
  maxFinished: true,
  deadTtlMs: true,
  maxDead: true,
  maxDataBytes: true,
};

/** A misspelt `prefix` would put the jobs of one application among those of another. */
export function assertQueueOptions(options: JobQueueOptions): void {
  const faults: ConfigFault[] = unknownOptions(options, Object.keys(NAMES));
  if (typeof options.redis?.duplicate !== 'function') {
    faults.push({ field: 'redis', fault: 'is no Redis client', mend: "Pass one: new Redis('redis://…') of ioredis" });
  }
  for (const field of ['prefix', 'name'] as const) {
    const value: unknown = options[field];
    if (value === undefined || typeof value === 'string') continue;
    faults.push({ field, fault: `must be a string, not a ${typeof value}`, mend: 'Correct or omit it' });
  }
  if (faults.length > 0) throw new ConfigError('The job queue cannot be used as configured', faults);
}

export function unknownOptions(options: object, known: readonly string[]): ConfigFault[] {
  const unknown = Object.keys(options).filter((field) => !known.includes(field));
  return unknown.map((field) => ({
    field,
    fault: `is no option${suggestion(field, known)}`,
    mend: `Options are ${known.join(', ')}`,
  }));
}

/** @throws ValidationError for a word that is none of those a call takes. */
export function assertOneOf(what: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  const msg = `is "${value}"; use one of ${allowed.join(', ')}`;
  throw new ValidationError([{ loc: [what], msg, type: 'invalid_value' }]);
}
