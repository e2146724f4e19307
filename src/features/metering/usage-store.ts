import { ConstraintError, KernelError } from '../../base/errors.js';
import { type DatabaseHandle, databaseFor, dbContext, type SessionHandle } from '../../orm/index.js';
import { UsageEvent, UsageSummary } from './entities.js';
import { isPeriod, periodKey } from './periods.js';
import { customUsage, ENDPOINT_METRIC, type UsageRecord } from './usage-event.js';
import { addTotals, makeRows, summaryId, totalsOf } from './usage-totals.js';

/** A workspace whose usage is asked for; null: wherever it was. */
export interface UsageScope {
  workspaceId: string | null;
  /** Of a personal workspace: its owner. What the owner used in no workspace is then used in this one. */
  ownerId?: string | null;
}

/** Whose usage, and of when. */
export interface UsageQuery extends Partial<UsageScope> {
  userId?: string | null;
  /** `day`, `month` (the default) or `year` of now, or the key of one: `2026-11`. */
  period?: string;
}

/** Of a workspace where one is named, else of a user. */
export interface QuotaQuery extends UsageQuery {
  metric: string;
  limit: number;
}

export interface QuotaConsumption extends QuotaQuery {
  /** Default 1. */
  amount?: number;
  /** Consumed twice with one id, it counts once. */
  eventId?: string;
  period?: 'day' | 'month' | 'year';
}

/** Tries, where others store the same events at the same moment. */
const MOST_TRIES = 5;

/** Usage in `kernel_usage_events` and its sums in `kernel_usage_summary`, of one application. */
export class UsageStore {
  readonly #app: string;
  readonly #on: { db?: SessionHandle };

  constructor({ app, db }: { app: string; db?: SessionHandle }) {
    this.#app = app;
    this.#on = db ? { db } : {};
  }

  /** Stores a batch and adds it to the sums, all or nothing; what is stored already is passed over. */
  save(records: readonly UsageRecord[]): Promise<void> {
    return this.#transaction(async (db) => void (await store(db, records)));
  }

  /** `{ requests: 4521, tokens: 125000 }` */
  async getUsage(query: UsageQuery = {}): Promise<Record<string, number>> {
    const rows = await this.#sums(query, `[metric] NOT LIKE '${ENDPOINT_METRIC}%'`);
    return Object.fromEntries(rows);
  }

  /** Requests by route: `{ 'GET /orders/:id': 17 }` */
  async getUsageByEndpoint(query: UsageQuery = {}): Promise<Record<string, number>> {
    const rows = await this.#sums(query, `[metric] LIKE '${ENDPOINT_METRIC}%'`);
    return Object.fromEntries(
      rows.map(([metric, value]) => [metric.slice(ENDPOINT_METRIC.length).replace(':', ' '), value] as const),
    );
  }

  /** What has been used of a quota. */
  async usedOf(quota: QuotaQuery): Promise<number> {
    return this.#used(databaseFor(UsageSummary, this.#on), assertQuota(quota), this.keyOf(quota.period));
  }

  /**
   * Uses `amount` of the quota where that much is left; else nothing. Exact, however many ask at once.
   * @returns whether it was there to be used
   */
  async consumeQuota(quota: QuotaConsumption): Promise<boolean> {
    const { workspaceId = null, userId = null, metric, amount = 1, eventId } = assertQuota(quota);
    const record = customUsage(
      { userId, workspaceId, metrics: { [metric]: amount }, ...(eventId !== undefined && { eventId }) },
      this.#app,
    );
    const period = this.keyOf(quota.period, new Date(record.at));
    // One row stands for the quota as a whole: whoever holds it is the only one to look and to use.
    const gate = { app: this.#app, workspaceId, userId: workspaceId === null ? userId : null, period, metric };
    const db = databaseFor(UsageSummary, this.#on);
    await makeRows(db, [gate]);
    return this.#transaction(async (inner) => {
      await inner.execute('UPDATE [kernel_usage_summary] SET [value] = [value] WHERE [id] = ?', [summaryId(gate)]);
      if (await UsageEvent.exists({ where: { eventId: record.id }, db: inner })) return true;
      if ((await this.#used(inner, quota, period)) + amount > quota.limit) return false;
      await store(inner, [record]);
      return true;
    });
  }

  /** The key of a period, `2026-11`. @throws KernelError for what is none */
  keyOf(period = 'month', at = new Date()): string {
    if (isPeriod(period)) return periodKey(period, at);
    throw new KernelError('E_PERIOD', `There is no period "${period}"; use day, month, year, or a key such as 2026-11`);
  }

  async #used(db: DatabaseHandle, quota: QuotaQuery, period: string): Promise<number> {
    const { workspaceId, userId, ownerId, metric } = quota;
    const [whose, ids] = conditionsOf(workspaceId ? { workspaceId, ownerId } : { userId });
    const [row] = await db.query(
      `SELECT SUM([value]) AS [used] FROM [kernel_usage_summary]
        WHERE [period] = ? AND [metric] = ? AND [app] = ? AND ${whose.join(' AND ')}`,
      [period, metric, this.#app, ...ids],
    );
    return Number(row?.used ?? 0);
  }

  async #sums({ period, ...query }: UsageQuery, which: string): Promise<Array<[string, number]>> {
    const [whose, ids] = conditionsOf(query);
    const conditions = ['[period] = ?', '[app] = ?', which, ...whose];
    const params = [this.keyOf(period), this.#app, ...ids];
    const rows = await databaseFor(UsageSummary, this.#on).query(
      `SELECT [metric], SUM([value]) AS [used] FROM [kernel_usage_summary] WHERE ${conditions.join(' AND ')}
        GROUP BY [metric] HAVING SUM([value]) > 0 ORDER BY [metric]`,
      params,
    );
    return rows.map((row) => [String(row.metric), Number(row.used)]);
  }

  /** Run again where somebody else has stored the same event in between: then it is seen. */
  async #transaction<T>(work: (db: DatabaseHandle) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await dbContext(work, this.#on);
      } catch (error) {
        if (!(error instanceof ConstraintError) || tries === MOST_TRIES) throw error;
      }
    }
  }
}

function conditionsOf({ userId, workspaceId, ownerId }: UsageQuery): [conditions: string[], params: string[]] {
  const conditions: string[] = [];
  const params: string[] = [];
  const add = (condition: string, ...ids: string[]) => {
    conditions.push(condition);
    params.push(...ids);
  };
  if (isGiven(userId)) add('[user_id] = ?', userId);
  if (isGiven(workspaceId) && isGiven(ownerId))
    add('([workspace_id] = ? OR ([workspace_id] IS NULL AND [user_id] = ?))', workspaceId, ownerId);
  else if (isGiven(workspaceId)) add('[workspace_id] = ?', workspaceId);
  return [conditions, params];
}

function isGiven(id: string | null | undefined): id is string {
  return id !== undefined && id !== null;
}

async function store(db: DatabaseHandle, records: readonly UsageRecord[]): Promise<void> {
  const ids = records.map(({ id }) => id);
  const known = await UsageEvent.find({
    where: { eventId: { in: ids } },
    select: ['eventId'],
    includeDeleted: true,
    db,
  });
  const seen = new Set(known.map(({ eventId }) => eventId));
  const fresh = records.filter(({ id }) => !seen.has(id) && seen.add(id));
  if (fresh.length === 0) return;
  await UsageEvent.saveMany(fresh.map(rowOf), { db });
  await addTotals(db, totalsOf(fresh));
}

function rowOf({ id, at, app, type, userId, workspaceId, metrics, request }: UsageRecord) {
  const timestamp = new Date(at);
  return {
    eventId: id,
    app,
    eventType: type,
    userId,
    workspaceId,
    endpoint: request?.endpoint ?? null,
    method: request?.method ?? null,
    statusCode: request?.statusCode ?? null,
    latencyMs: request?.latencyMs ?? null,
    bytesIn: request ? BigInt(request.bytesIn) : null,
    bytesOut: request ? BigInt(request.bytesOut) : null,
    metrics: request ? {} : metrics,
    period: periodKey('month', timestamp),
    timestamp,
  };
}

function assertQuota<Q extends QuotaConsumption | QuotaQuery>(quota: Q): Q {
  const refuse = (why: string): never => {
    throw new KernelError('E_QUOTA', why);
  };
  if (!quota.workspaceId && !quota.userId) refuse('Name a workspaceId or a userId: a quota is somebody’s');
  if (!Number.isSafeInteger(quota.limit) || quota.limit < 0)
    refuse(`limit: ${quota.limit} is no whole number of 0 or more`);
  return quota;
}
