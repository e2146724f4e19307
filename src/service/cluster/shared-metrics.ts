import { uuidv7 } from '../../base/ids.js';
import { type KernelMetrics, type MetricsSnapshot, renderSnapshots } from '../../telemetry/index.js';
import type { WorkerPlace } from '../env/index.js';
import { hearPrimary, tellPrimary } from './primary-channel.js';

export interface SharedMetricsOptions {
  /** The service's name: one process may run several. */
  service: string;
  place: WorkerPlace;
  metrics: KernelMetrics;
}

/** Longest wait for the figures of the other workers, ms; longer than a worker takes to read its own. */
const PATIENCE_MS = 4_000;

/**
 * The metrics of all workers in one answer, whichever of them Prometheus happens to reach. Every series has the label
 * `worker`, so that each goes on by itself when a worker is replaced; sums are Prometheus' own `sum by`.
 */
export class SharedMetrics {
  readonly #options: SharedMetricsOptions;
  readonly #waiting = new Map<string, (snapshots: MetricsSnapshot[]) => void>();

  constructor(options: SharedMetricsOptions) {
    this.#options = options;
  }

  /** Tells the others, whenever they ask. @returns what ends it */
  start(): () => void {
    return hearPrimary((message) => {
      if (message.kernel === 'metrics-of-all') this.#waiting.get(message.id)?.(message.snapshots);
      if (message.kernel === 'tell-metrics' && message.service === this.#options.service) void this.#tell(message.id);
    });
  }

  /** In Prometheus' text format; of this worker alone where the others cannot be asked. */
  async render(): Promise<string> {
    const snapshots = await this.#askAll();
    return renderSnapshots(snapshots ?? [await this.#own()]);
  }

  async #askAll(): Promise<MetricsSnapshot[] | undefined> {
    const id = uuidv7();
    let patience: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve) => {
        this.#waiting.set(id, resolve);
        patience = setTimeout(() => resolve(undefined), PATIENCE_MS);
        tellPrimary({ kernel: 'ask-metrics', id, service: this.#options.service });
      });
    } finally {
      clearTimeout(patience);
      this.#waiting.delete(id);
    }
  }

  #own(): Promise<MetricsSnapshot> {
    const { metrics, place } = this.#options;
    return metrics.snapshot({ worker: String(place.number) });
  }

  async #tell(id: string): Promise<void> {
    tellPrimary({ kernel: 'metrics', id, snapshot: await this.#own() });
  }
}
