import { KernelError } from '../../base/errors.js';
import { ambientService, type ServiceKey, serviceKey } from '../../base/services.js';
import {
  AfterAnswer,
  countStreamed,
  type HttpContext,
  type HttpMiddleware,
  type Next,
  surround,
} from '../../http/index.js';
import type { SessionHandle } from '../../orm/index.js';
import { customUsage, requestUsage, streamUsage, type TrackedUsage, type UsageRecord } from './usage-event.js';
import { type QuotaConsumption, type QuotaQuery, type UsageQuery, UsageStore } from './usage-store.js';

/** Where the events of usage go: a publisher of the kernel's hub. */
export interface UsageSink {
  push(record: UsageRecord): boolean;
  flush(): Promise<void>;
}

/** Usage of one application: told here, published, stored by whoever drains. */
export interface UsageMeter {
  app: string;
  store: UsageStore;
  sink: UsageSink;
}

interface OfApp {
  /** Default the running kernel's. */
  app?: string;
  /** Default the database of the running kernel. */
  db?: SessionHandle;
}

export const usageService: ServiceKey<UsageMeter> = serviceKey('usage');

const UNMETERED_PATHS: readonly string[] = [
  '/healthz',
  '/readyz',
  '/metrics',
  '/favicon.ico',
  '/docs',
  '/openapi.json',
];

/** Counts every request that the limits let pass, for its user and workspace, once its answer has left. */
export function meterRequests({ app, sink }: Pick<UsageMeter, 'app' | 'sink'>): HttpMiddleware {
  const unmetered = new Set(UNMETERED_PATHS);
  const answered = new AfterAnswer((ctx, latencyMs) => void sink.push(requestUsage(ctx, latencyMs, app)));
  return function meterRequest(ctx: HttpContext, next: Next) {
    if (unmetered.has(ctx.path)) return next();
    const start = performance.now();
    return surround(next, (completed) => {
      answered.add(ctx, performance.now() - start);
      if (!completed) return;
      countStreamed(ctx, (bytes) => {
        if (bytes > 0) sink.push(streamUsage(ctx, bytes, performance.now() - start, app));
      });
    });
  };
}

/**
 * Counts a use: `await trackUsage({ userId, workspaceId, metrics: { tokens: 1500 } })`. Resolves once it is in Redis; where
 * Redis is away, it is kept in this process, then stored directly.
 * @throws ValidationError for what cannot be counted
 */
export async function trackUsage(usage: TrackedUsage): Promise<void> {
  const { app, sink, store } = meter();
  const record = customUsage(usage, app);
  if (sink.push(record)) await sink.flush();
  else await store.save([record]);
}

/** What was used: `{ requests: 4521, tokens: 125000 }`, of a user, a workspace or everybody. */
export async function getUsage({ app, db, ...query }: UsageQuery & OfApp = {}): Promise<Record<string, number>> {
  return storeOf(app, db).getUsage(query);
}

/** Requests by route: `{ 'GET /orders/:id': 17 }`. */
export async function getUsageByEndpoint({
  app,
  db,
  ...query
}: UsageQuery & OfApp = {}): Promise<Record<string, number>> {
  return storeOf(app, db).getUsageByEndpoint(query);
}

/** Whether less than `limit` has been used: of the workspace where one is named, else of the user. Uses nothing. */
export async function checkQuota({ app, db, ...quota }: QuotaQuery & OfApp): Promise<boolean> {
  return (await storeOf(app, db).usedOf(quota)) < quota.limit;
}

/** How much is left, 0 at least. */
export async function getQuotaRemaining({ app, db, ...quota }: QuotaQuery & OfApp): Promise<number> {
  return Math.max(0, quota.limit - (await storeOf(app, db).usedOf(quota)));
}

/**
 * Uses `amount` of a quota where that much is left, exactly, however many ask at once: check and count in one.
 * @returns false where it is not there; then nothing was used
 */
export async function consumeQuota({ app, db, ...quota }: QuotaConsumption & OfApp): Promise<boolean> {
  return storeOf(app, db).consumeQuota(quota);
}

function storeOf(app: string | undefined, db: SessionHandle | undefined): UsageStore {
  if (app === undefined && db === undefined) return meter().store;
  return new UsageStore({ app: app ?? meter().app, ...(db && { db }) });
}

function meter(): UsageMeter {
  const running = ambientService(usageService);
  if (running) return running;
  throw new KernelError(
    'E_NOT_STARTED',
    'No kernel with a database is running, so there is no usage; a worker of its own has to be told whose it counts: runWorker({ service })',
  );
}
