import type { DatabaseHandle } from '../../orm/index.js';

/** How requests went in a stretch of time. Latencies in ms; `null` where there were none. */
export interface RequestStats {
  total: number;
  avgLatencyMs: number | null;
  maxLatencyMs: number | null;
  minLatencyMs: number | null;
  p50LatencyMs: number | null;
  p95LatencyMs: number | null;
  p99LatencyMs: number | null;
  error5xx: number;
  error4xx: number;
  success2xx: number;
  /** The ten slowest routes. */
  slowEndpoints: Array<{ path: string; avgLatencyMs: number; count: number }>;
  /** The ten that failed most. */
  errorEndpoints: Array<{ path: string; statusCode: number; count: number }>;
}

interface Stretch {
  since: Date;
  pathPrefix: string | undefined;
}

interface Condition {
  where: string;
  params: unknown[];
}

const PERCENTILES = [50, 95, 99] as const;
const TABLE = '[kernel_request_metrics]';
const MOST_ENDPOINTS = 10;

export async function readStats(db: DatabaseHandle, stretch: Stretch): Promise<RequestStats> {
  const condition = conditionOf(stretch);
  const totals = await readTotals(db, condition);
  const [p50LatencyMs = null, p95LatencyMs = null, p99LatencyMs = null] = await percentiles(
    db,
    condition,
    totals.total,
  );
  const slowEndpoints = await readSlowest(db, condition);
  const errorEndpoints = await readFailing(db, condition);
  return { ...totals, p50LatencyMs, p95LatencyMs, p99LatencyMs, slowEndpoints, errorEndpoints };
}

function conditionOf({ since, pathPrefix }: Stretch): Condition {
  if (pathPrefix === undefined) return { where: '[timestamp] >= ?', params: [since] };
  const pattern = `${pathPrefix.replace(/[!%_]/g, '!$&')}%`;
  return { where: "[timestamp] >= ? AND [path] LIKE ? ESCAPE '!'", params: [since, pattern] };
}

async function readTotals(db: DatabaseHandle, { where, params }: Condition) {
  const count = (condition: string): string => `SUM(CASE WHEN ${condition} THEN 1 ELSE 0 END)`;
  const [row = {}] = await db.query(
    `SELECT COUNT(*) AS [total], AVG([server_latency_ms]) AS [average], MAX([server_latency_ms]) AS [most],
      MIN([server_latency_ms]) AS [least], ${count('[status_code] >= 500')} AS [server_errors],
      ${count('[status_code] >= 400 AND [status_code] < 500')} AS [client_errors],
      ${count('[status_code] >= 200 AND [status_code] < 300')} AS [successes] FROM ${TABLE} WHERE ${where}`,
    params,
  );
  return {
    total: Number(row.total),
    avgLatencyMs: rounded(row.average),
    maxLatencyMs: rounded(row.most),
    minLatencyMs: rounded(row.least),
    error5xx: Number(row.server_errors ?? 0),
    error4xx: Number(row.client_errors ?? 0),
    success2xx: Number(row.successes ?? 0),
  };
}

/**
 * By the nearest rank: exact, and the same on every engine. The rows are put in order once, by the database; what comes in
 * between this and the count moves a rank by no more than its share.
 */
async function percentiles(
  db: DatabaseHandle,
  { where, params }: Condition,
  total: number,
): Promise<Array<number | null>> {
  if (total === 0) return [];
  const ranks = PERCENTILES.map((percent) => Math.ceil((total * percent) / 100));
  const rows = await db.query(
    `SELECT [latency], [place] FROM (SELECT [server_latency_ms] AS [latency],
      ROW_NUMBER() OVER (ORDER BY [server_latency_ms]) AS [place] FROM ${TABLE} WHERE ${where}) AS [ranked]
      WHERE [place] IN (?, ?, ?)`,
    [...params, ...ranks],
  );
  const latencies = new Map(rows.map((row) => [Number(row.place), rounded(row.latency)]));
  return ranks.map((rank) => latencies.get(rank) ?? null);
}

async function readSlowest(db: DatabaseHandle, { where, params }: Condition): Promise<RequestStats['slowEndpoints']> {
  const rows = await db.query(
    `SELECT [route], AVG([server_latency_ms]) AS [average], COUNT(*) AS [requests] FROM ${TABLE} WHERE ${where}
      GROUP BY [route] ORDER BY AVG([server_latency_ms]) DESC LIMIT ${MOST_ENDPOINTS}`,
    params,
  );
  return rows.map((row) => ({
    path: String(row.route),
    avgLatencyMs: rounded(row.average) ?? 0,
    count: Number(row.requests),
  }));
}

async function readFailing(db: DatabaseHandle, { where, params }: Condition): Promise<RequestStats['errorEndpoints']> {
  const rows = await db.query(
    `SELECT [route], [status_code], COUNT(*) AS [requests] FROM ${TABLE} WHERE ${where} AND [status_code] >= 400
      GROUP BY [route], [status_code] ORDER BY COUNT(*) DESC LIMIT ${MOST_ENDPOINTS}`,
    params,
  );
  return rows.map((row) => ({
    path: String(row.route),
    statusCode: Number(row.status_code),
    count: Number(row.requests),
  }));
}

/** Two digits behind the point. */
function rounded(value: unknown): number | null {
  return value === null || value === undefined ? null : Math.round(Number(value) * 100) / 100;
}
