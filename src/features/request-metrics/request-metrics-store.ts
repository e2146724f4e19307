import { KernelError } from '../../base/errors.js';
import type { Database, Filter, SessionHandle } from '../../orm/index.js';
import { databaseFor } from '../../orm/index.js';
import { RequestMetric } from './entities.js';
import { calendarOf, metricOf, type RequestEvent } from './request-event.js';
import { type RequestStats, readStats } from './request-stats.js';

export interface RecentOptions {
  /** Default 100. */
  limit?: number;
  offset?: number;
  pathPrefix?: string;
  statusCode?: number;
  userId?: string;
  requestId?: string;
  minLatencyMs?: number;
}

export interface StatsOptions {
  /** How far back, default 24. */
  hours?: number;
  pathPrefix?: string;
}

/** A metric as `save` takes it; what is left out is unknown. */
export type NewRequestMetric = Pick<RequestMetric, 'method' | 'path' | 'statusCode' | 'serverLatencyMs'> &
  Partial<Omit<RequestEvent, 'id' | 'timestamp'>> & { timestamp?: Date; metadata?: Record<string, unknown> };

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ROWS_PER_DELETE = 1_000;

/** The requests in `kernel_request_metrics` of `db`, else of the ambient or the newest open database. */
export class RequestMetricsStore {
  readonly #on: { db?: SessionHandle };

  constructor({ db }: { db?: SessionHandle } = {}) {
    this.#on = db ? { db } : {};
  }

  /** Makes or completes the table. @throws KernelError where the database does not list `RequestMetric` */
  static async initSchema(db: Database): Promise<void> {
    if (!db.entities.includes(RequestMetric))
      throw new KernelError('E_ENTITY', 'Connect with entities: [RequestMetric, …]; this database does not know it');
    await db.migrate();
  }

  /** @returns its id. */
  async save(metric: NewRequestMetric): Promise<string> {
    const { timestamp = new Date(), requestId = '', route = metric.path, ...rest } = metric;
    const row = { ...rest, requestId, route, timestamp, ...calendarOf(timestamp) };
    return (await RequestMetric.save(row, this.#on)).id;
  }

  /** Stores a batch of events in one statement; those that are stored already are passed over. */
  async saveEvents(events: readonly RequestEvent[]): Promise<void> {
    await RequestMetric.saveMany(events.map(metricOf), this.#on);
  }

  /** Newest first. */
  async getRecent(options: RecentOptions = {}): Promise<RequestMetric[]> {
    const { limit = 100, offset, pathPrefix, statusCode, userId, requestId, minLatencyMs } = options;
    return this.#newest(
      {
        ...(pathPrefix !== undefined && { path: { startsWith: pathPrefix } }),
        ...(statusCode !== undefined && { statusCode }),
        ...(userId !== undefined && { userId }),
        ...(requestId !== undefined && { requestId }),
        ...(minLatencyMs !== undefined && { serverLatencyMs: { gte: minLatencyMs } }),
      },
      { limit, offset },
    );
  }

  /** Answers of 400 and above, or of one status, newest first. */
  async getErrors(options: Pick<RecentOptions, 'limit' | 'offset' | 'pathPrefix' | 'statusCode'> = {}) {
    const { limit = 100, offset, pathPrefix, statusCode } = options;
    return this.#newest(
      {
        statusCode: statusCode ?? { gte: 400 },
        ...(pathPrefix !== undefined && { path: { startsWith: pathPrefix } }),
      },
      { limit, offset },
    );
  }

  /** Counts, latencies with percentiles, and the slowest and most failing routes. */
  async getStats({ hours = 24, pathPrefix }: StatsOptions = {}): Promise<RequestStats> {
    if (!(hours > 0)) throw new KernelError('E_STATS', `hours: ${hours} is no number above 0`);
    const db = databaseFor(RequestMetric, this.#on);
    return readStats(db, { since: new Date(Date.now() - hours * HOUR_MS), pathPrefix });
  }

  /** Removes requests that are older, a thousand at a time. @returns how many there were */
  async cleanupOld(days: number): Promise<number> {
    if (!(days >= 0)) throw new KernelError('E_CLEANUP', `days: ${days} is no number of 0 or more`);
    const timestamp = { lt: new Date(Date.now() - days * DAY_MS) };
    let removed = 0;
    for (;;) {
      const old = await RequestMetric.find({
        where: { timestamp },
        select: ['id'],
        limit: ROWS_PER_DELETE,
        ...this.#on,
      });
      if (old.length === 0) return removed;
      removed += await RequestMetric.deleteMany({ id: { in: old.map(({ id }) => id) } }, this.#on);
    }
  }

  #newest(where: Filter<RequestMetric>, page: { limit: number; offset: number | undefined }): Promise<RequestMetric[]> {
    const { limit, offset = 0 } = page;
    const orderBy = { timestamp: 'desc', id: 'desc' } as const;
    return RequestMetric.find({ where, orderBy, limit, offset, ...this.#on });
  }
}
