/** Structured logging as every floor sees it; `telemetry/logger` implements it with pino. */
export interface Logger {
  trace(fields: object | string, message?: string): void;
  debug(fields: object | string, message?: string): void;
  info(fields: object | string, message?: string): void;
  warn(fields: object | string, message?: string): void;
  error(fields: object | string, message?: string): void;
  fatal(fields: object | string, message?: string): void;
  /** A logger whose lines also carry `fields`. */
  child(fields: Readonly<Record<string, unknown>>): Logger;
}

const nothing = (): void => {};

/** Says nothing: the default of the ORM and the queue when used alone. */
export const silentLogger: Logger = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  child: () => silentLogger,
};

export type MetricLabels = Readonly<Record<string, string | number>>;

/** Counters, gauges and histograms as every floor sees them; `telemetry/metrics` implements it with prom-client. */
export interface Metrics {
  increment(name: string, labels?: MetricLabels, by?: number): void;
  gauge(name: string, value: number, labels?: MetricLabels): void;
  /** `value` in the unit that the name ends in (`_seconds`, `_bytes`). */
  histogram(name: string, value: number, labels?: MetricLabels): void;
}

export const silentMetrics: Metrics = { increment: nothing, gauge: nothing, histogram: nothing };
