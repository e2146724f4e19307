import { circuitStates } from '../../http/index.js';
import type { JobQueue } from '../../jobs/index.js';
import type { Database } from '../../orm/index.js';
import type { EventHub, KernelMetrics } from '../../telemetry/index.js';

export interface GaugesOptions {
  metrics: KernelMetrics;
  database: Database | undefined;
  /** Where records are; may be the same. */
  telemetry: Database | undefined;
  queue: JobQueue;
  events: EventHub;
}

const STATES = ['closed', 'half-open', 'open'] as const;

/**
 * Pools, breakers, the queue of jobs and what is on its way to its tables, looked at whenever somebody reads the metrics.
 * @returns what ends it
 */
export function watchEngines({ metrics, database, telemetry, queue, events }: GaugesOptions): () => void {
  const ends = [
    ...(database ? [metrics.collect(databaseReader(metrics, database, 'db', 'database'))] : []),
    ...(telemetry && telemetry !== database
      ? [metrics.collect(databaseReader(metrics, telemetry, 'records_db', 'database of records'))]
      : []),
    metrics.collect(() => readQueue(metrics, queue)),
    metrics.collect(() => events.measure()),
    metrics.collect(circuitReader(metrics)),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** @param prefix of the names of its metrics. @param service its name among the breakers */
function databaseReader(metrics: KernelMetrics, database: Database, prefix: string, service: string): () => void {
  let seen = { statements: 0, slow: 0, retries: 0 };
  return function readDatabase() {
    const { pool, statements, slow, retries, circuit } = database.stats();
    metrics.gauge(`${prefix}_pool_size`, pool.size);
    metrics.gauge(`${prefix}_pool_connections`, pool.idle, { state: 'idle' });
    metrics.gauge(`${prefix}_pool_connections`, pool.inUse, { state: 'in_use' });
    metrics.gauge(`${prefix}_pool_waiting`, pool.waiting);
    metrics.increment(`${prefix}_statements_total`, {}, statements - seen.statements);
    metrics.increment(`${prefix}_slow_statements_total`, {}, slow - seen.slow);
    metrics.increment(`${prefix}_retries_total`, {}, retries - seen.retries);
    showCircuit(metrics, service, circuit);
    seen = { statements, slow, retries };
  };
}

async function readQueue(metrics: KernelMetrics, queue: JobQueue): Promise<void> {
  const { waiting, delayed, running, dead, workers, paused } = await queue.stats();
  for (const [state, count] of Object.entries({ waiting, delayed, running, dead }))
    metrics.gauge('jobs_in_queue', count, { state });
  metrics.gauge('jobs_workers', workers);
  metrics.gauge('jobs_paused', paused ? 1 : 0);
}

/** Servers that nobody talks to any more count as closed. */
function circuitReader(metrics: KernelMetrics): () => void {
  const shown = new Set<string>();
  return function readCircuits() {
    const states = circuitStates();
    for (const service of states.keys()) shown.add(service);
    for (const service of shown) showCircuit(metrics, service, states.get(service) ?? 'closed');
  };
}

/** 0 closed, 1 half open, 2 open. */
function showCircuit(metrics: KernelMetrics, service: string, state: (typeof STATES)[number]): void {
  metrics.gauge('circuit_breaker_state', STATES.indexOf(state), { service });
}
