import { ConfigError, type ConfigFault } from '../../base/errors.js';
import type { Logger, Metrics } from '../../base/ports.js';
import { silentLogger, silentMetrics } from '../../base/ports.js';
import type { Services } from '../../base/services.js';
import type { JobRegistry } from '../job-registry.js';
import type { JobQueue } from '../queue/job-queue.js';
import { unknownOptions } from '../queue/queue-options.js';
import type { JobContext } from './job-context.js';

/** Gives a handler its database; the handle should take a connection only when it is used. */
export type WithDb<Db = unknown> = <T>(context: JobContext, run: (db: Db) => Promise<T>) => Promise<T>;

export interface WorkerTimings {
  /** How long a worker that says nothing counts as alive, ms. Default 15 000. */
  leaseMs: number;
  /** How often it renews that, ms. Default a third of the lease. */
  heartbeatMs: number;
  /** How often it looks for dead workers, ms. Default 2000, at most a quarter of the lease. */
  reapMs: number;
  /** Longest wait before it looks for work unasked, ms. Default 1000. */
  pollMs: number;
  /** How long a handler whose signal aborted may still finish, ms. Default 1000. */
  abortGraceMs: number;
  /** Distance in time between two jobs that were lost more than once together, ms. Default 1000. */
  suspectDelayMs: number;
}

export interface JobWorkerOptions<Db = unknown> extends Partial<WorkerTimings> {
  queue: JobQueue;
  registry: JobRegistry;
  /** Jobs in flight at once. Default 4. */
  concurrency?: number;
  /** Most jobs claimed ahead while handlers take less time than a round trip to Redis; 0 for none. Default 100. */
  prefetch?: number;
  /** Most threads for the handlers that are given by the URL of their module. Default 8. */
  threadPoolSize?: number;
  /**
   * Keep the lease from a thread with a connection of its own, so that a handler that blocks the event loop is not taken
   * for dead within its `timeoutMs`. Default true; nothing in memory needs it.
   */
  leaseThread?: boolean;
  /** Waits before the second, third… try, ms; the last one repeats. Default 1, 5 and 30 s. */
  retryDelaysMs?: readonly number[];
  /** Share by which a wait is longer or shorter by chance. Default 0.2. */
  retryJitter?: number;
  /** Deaths of its worker after which a job goes to the dead letters. Default 3. */
  maxCrashes?: number;
  /** How long no worker offers a task before its jobs are given up; until then they are handed on, ms. Default 1 hour. */
  unknownTaskMs?: number;
  withDb?: WithDb<Db>;
  /** What accessors such as `getCache()` answer inside a handler. */
  services?: Services;
  logger?: Logger;
  metrics?: Metrics;
}

export type ResolvedWorkerOptions = Required<Omit<JobWorkerOptions, 'services' | 'withDb'>> & {
  services: Services | undefined;
  withDb: WithDb | undefined;
};

const DEFAULT_LEASE_MS = 15_000;
const DEFAULTS = {
  concurrency: 4,
  prefetch: 100,
  threadPoolSize: 8,
  leaseThread: true,
  retryDelaysMs: [1000, 5000, 30_000],
  retryJitter: 0.2,
  maxCrashes: 3,
  unknownTaskMs: 3_600_000,
  withDb: undefined,
  services: undefined,
  logger: silentLogger,
  metrics: silentMetrics,
  pollMs: 1000,
  abortGraceMs: 1000,
  suspectDelayMs: 1000,
} satisfies Partial<ResolvedWorkerOptions>;
/** What one answer of Redis may carry. */
const MAX_CONCURRENCY = 1000;
const TITLE = 'The job worker cannot be used as configured';

/** @throws ConfigError naming every option that is unknown, missing or out of range. */
export function resolveWorkerOptions(options: JobWorkerOptions<never>): ResolvedWorkerOptions {
  assertNames(options);
  const leaseMs = options.leaseMs ?? DEFAULT_LEASE_MS;
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const resolved: ResolvedWorkerOptions = {
    queue: options.queue,
    registry: options.registry,
    ...DEFAULTS,
    leaseMs,
    heartbeatMs: leaseMs / 3,
    reapMs: Math.min(2000, leaseMs / 4),
    ...given,
  };
  assertInRange(resolved);
  return resolved;
}

const NAMES = [...Object.keys(DEFAULTS), 'queue', 'registry', 'leaseMs', 'heartbeatMs', 'reapMs'];

function assertNames(options: JobWorkerOptions<never>): void {
  const faults: ConfigFault[] = unknownOptions(options, NAMES);
  for (const [field, kind] of Object.entries({ queue: 'JobQueue', registry: 'JobRegistry' })) {
    if (typeof options[field as 'queue' | 'registry'] === 'object') continue;
    faults.push({ field, fault: 'is missing', mend: `Pass the ${kind}` });
  }
  if (faults.length > 0) throw new ConfigError(TITLE, faults);
}

function assertInRange(options: ResolvedWorkerOptions): void {
  const { concurrency, threadPoolSize, maxCrashes, retryDelaysMs, leaseMs, heartbeatMs, reapMs, pollMs } = options;
  const faults = Object.entries({ concurrency, threadPoolSize, maxCrashes, leaseMs, heartbeatMs, reapMs, pollMs })
    .filter(([, value]) => !(Number.isFinite(value) && value > 0))
    .map(([field, value]) => ({
      field,
      fault: `${value} is not a positive number`,
      mend: 'Leave it out for the default',
    }));
  if (concurrency > MAX_CONCURRENCY) {
    faults.push({ field: 'concurrency', fault: `it is above ${MAX_CONCURRENCY}`, mend: 'Start another worker' });
  }
  if (!(Number.isInteger(options.prefetch) && options.prefetch >= 0 && options.prefetch <= MAX_CONCURRENCY)) {
    const fault = `${options.prefetch} is not a whole number from 0 to ${MAX_CONCURRENCY}`;
    faults.push({ field: 'prefetch', fault, mend: 'Leave it out for the default' });
  }
  if (heartbeatMs >= leaseMs) {
    faults.push({
      field: 'heartbeatMs',
      fault: 'it is not shorter than leaseMs',
      mend: 'Make it a third of the lease',
    });
  }
  if (retryDelaysMs.length === 0 || retryDelaysMs.some((delay) => !(delay >= 0))) {
    faults.push({
      field: 'retryDelaysMs',
      fault: 'it needs one wait or more, in ms',
      mend: 'Write [1000, 5000, 30000]',
    });
  }
  if (faults.length > 0) throw new ConfigError(TITLE, faults);
}
