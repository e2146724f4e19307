import {
  AggregatorRegistry,
  Counter,
  collectDefaultMetrics,
  exponentialBuckets,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client';
import { KernelError } from '../base/errors.js';
import { type Logger, type MetricLabels, type Metrics, silentLogger } from '../base/ports.js';
import { ambientService, type ServiceKey, serviceKey } from '../base/services.js';
import { sleep } from '../base/sleep.js';
import { LabelGuard } from './label-guard.js';

export interface MetricsOptions {
  /** Put before every name, such as `shop_`. */
  prefix?: string;
  /** Also CPU, memory, event loop and garbage collection of this process. Default true. */
  defaultMetrics?: boolean;
  /** Most label combinations of one metric; what comes after is counted under `other`. Default 1,000. */
  maxSeries?: number;
  logger?: Logger;
}

/** The metrics of one kernel, and how Prometheus reads them. */
export interface KernelMetrics extends Metrics {
  /** Starts a stopwatch; the function it answers notes the seconds in the histogram `name`, and answers them. */
  timer(name: string, labels?: MetricLabels): () => number;
  /** Runs `work` and notes the seconds it took in the histogram `name`, also where it fails. */
  time<T>(name: string, work: () => T, labels?: MetricLabels): T;
  /**
   * Calls `read` before each `render`, for gauges of what is only worth a look when somebody asks. One that takes longer than
   * two seconds, or fails, is passed over. @returns what ends it
   */
  collect(read: () => unknown): () => void;
  /** `Content-Type` of `render`. */
  readonly contentType: string;
  /** All metrics in Prometheus' text format. */
  render(): Promise<string>;
  /** All metrics as data that another process can read, each series with `labels` as well; see `renderSnapshots`. */
  snapshot(labels: Readonly<Record<string, string>>): Promise<MetricsSnapshot>;
  /** Sets the gauge `service_started` to 1: boot is done. */
  markStarted(): void;
}

/** The metrics of one process. */
export type MetricsSnapshot = Array<MetricObjectWithValues<MetricValue<string>>>;

/** The metrics of several processes in Prometheus' text format; their labels tell them apart. */
export function renderSnapshots(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  // No two series are alike, so that the sum keeps each as it is; other ways to aggregate would leave some out.
  const kept = snapshots.map((families) => families.map((family) => ({ ...family, aggregator: 'sum' as const })));
  return AggregatorRegistry.aggregate(kept).metrics();
}

export const metricsService: ServiceKey<KernelMetrics> = serviceKey('metrics');

/** A registry of its own, so that two services in one process do not mix their figures. */
export function createMetrics(options: MetricsOptions = {}): KernelMetrics {
  return new PrometheusMetrics(options);
}

let fallback: KernelMetrics | undefined;

/** The metrics of the running kernel; before any has started, a registry that nobody reads. */
export function getMetrics(): KernelMetrics {
  const running = ambientService(metricsService);
  if (running) return running;
  fallback ??= createMetrics({ defaultMetrics: false });
  return fallback;
}

type Instrument =
  | { kind: 'counter'; metric: Counter }
  | { kind: 'gauge'; metric: Gauge }
  | { kind: 'histogram'; metric: Histogram };
type Kind = Instrument['kind'];
interface Family {
  instrument: Instrument;
  labels: LabelGuard;
}

/** Longest that a reader of gauges may keep Prometheus waiting, ms. */
const COLLECT_MS = 2_000;
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const BYTES = exponentialBuckets(256, 4, 9);

class PrometheusMetrics implements KernelMetrics {
  readonly #registry = new Registry();
  readonly #prefix: string;
  readonly #maxSeries: number;
  readonly #logger: Logger;
  readonly #families = new Map<string, Family>();
  readonly #readers = new Set<() => unknown>();

  constructor(options: MetricsOptions) {
    this.#prefix = options.prefix ?? '';
    this.#maxSeries = options.maxSeries ?? 1_000;
    this.#logger = options.logger ?? silentLogger;
    if (options.defaultMetrics ?? true) collectDefaultMetrics({ register: this.#registry, prefix: this.#prefix });
    this.gauge('service_started', 0);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async render(): Promise<string> {
    await this.#readGauges();
    return this.#registry.metrics();
  }

  async snapshot(labels: Readonly<Record<string, string>>): Promise<MetricsSnapshot> {
    await this.#readGauges();
    const families = (await this.#registry.getMetricsAsJSON()) as MetricsSnapshot;
    return families.map((family) => ({
      ...family,
      values: family.values.map((value) => ({ ...value, labels: { ...value.labels, ...labels } })),
    }));
  }

  collect(read: () => unknown): () => void {
    this.#readers.add(read);
    return () => this.#readers.delete(read);
  }

  markStarted(): void {
    this.gauge('service_started', 1);
  }

  increment(name: string, labels: MetricLabels = {}, by = 1): void {
    const { instrument, labels: guard } = this.#family('counter', name, labels);
    if (instrument.kind === 'counter') instrument.metric.inc(guard.admit(labels), by);
  }

  gauge(name: string, value: number, labels: MetricLabels = {}): void {
    const { instrument, labels: guard } = this.#family('gauge', name, labels);
    if (instrument.kind === 'gauge') instrument.metric.set(guard.admit(labels), value);
  }

  histogram(name: string, value: number, labels: MetricLabels = {}): void {
    const { instrument, labels: guard } = this.#family('histogram', name, labels);
    if (instrument.kind === 'histogram') instrument.metric.observe(guard.admit(labels), value);
  }

  timer(name: string, labels: MetricLabels = {}): () => number {
    const start = performance.now();
    return () => {
      const seconds = (performance.now() - start) / 1_000;
      this.histogram(name, seconds, labels);
      return seconds;
    };
  }

  time<T>(name: string, work: () => T, labels: MetricLabels = {}): T {
    const stop = this.timer(name, labels);
    let result: T;
    try {
      result = work();
    } catch (error) {
      stop();
      throw error;
    }
    if (result instanceof Promise) return result.finally(stop) as T;
    stop();
    return result;
  }

  async #readGauges(): Promise<void> {
    await Promise.all([...this.#readers].map((read) => this.#read(read)));
  }

  async #read(read: () => unknown): Promise<void> {
    const done = new AbortController();
    try {
      await Promise.race([read(), sleep(COLLECT_MS, done.signal)]);
    } catch (error) {
      this.#logger.debug({ err: error }, 'Gauges could not be read');
    } finally {
      done.abort();
    }
  }

  #family(kind: Kind, name: string, labels: MetricLabels): Family {
    const known = this.#families.get(name);
    if (known?.instrument.kind === kind) return known;
    if (known) {
      throw new KernelError('E_METRIC', `"${name}" is a ${known.instrument.kind}; give the ${kind} another name`);
    }
    const labelNames = Object.keys(labels);
    const family: Family = {
      instrument: this.#create(kind, this.#prefix + name.replace(/[^a-zA-Z0-9_:]/g, '_'), labelNames),
      labels: new LabelGuard({ metric: name, labelNames, maxSeries: this.#maxSeries, logger: this.#logger }),
    };
    this.#families.set(name, family);
    return family;
  }

  #create(kind: Kind, name: string, labelNames: string[]): Instrument {
    const shared = { name, help: name.replaceAll('_', ' '), labelNames, registers: [this.#registry] };
    if (kind === 'counter') return { kind, metric: new Counter(shared) };
    if (kind === 'gauge') return { kind, metric: new Gauge(shared) };
    return { kind, metric: new Histogram({ ...shared, buckets: name.endsWith('_bytes') ? BYTES : SECONDS }) };
  }
}
