import type { Logger, MetricLabels } from '../base/ports.js';

export interface LabelGuardOptions {
  metric: string;
  /** The labels of the metric, set by its first use. */
  labelNames: readonly string[];
  maxSeries: number;
  logger: Logger;
}

const MAX_VALUE = 128;

/** Keeps the label combinations of one metric bounded, so that no caller can fill the memory with them. */
export class LabelGuard {
  readonly #options: LabelGuardOptions;
  readonly #series = new Set<string>();
  readonly #overflow: Record<string, string>;
  #warned = false;

  constructor(options: LabelGuardOptions) {
    this.#options = options;
    this.#overflow = Object.fromEntries(options.labelNames.map((name) => [name, 'other']));
  }

  /** The labels to record under: the given ones, or `other` for all once there are too many combinations. */
  admit(labels: MetricLabels): Record<string, string> {
    const { labelNames, maxSeries } = this.#options;
    const admitted: Record<string, string> = {};
    let series = '';
    let taken = 0;
    for (const name of labelNames) {
      const given = labels[name];
      if (given !== undefined) taken += 1;
      const value = String(given ?? '').slice(0, MAX_VALUE);
      admitted[name] = value;
      series += `${value}\u0000`;
    }
    if (taken < Object.keys(labels).length) this.#warn(labels);
    if (this.#series.has(series)) return admitted;
    if (this.#series.size >= maxSeries) return this.#overflow;
    this.#series.add(series);
    return admitted;
  }

  #warn(labels: MetricLabels): void {
    if (this.#warned) return;
    this.#warned = true;
    const { metric, labelNames } = this.#options;
    const given = Object.keys(labels).join(', ');
    this.#options.logger.warn(
      `Metric "${metric}" has the labels [${labelNames.join(', ')}]; of [${given}] the others are dropped`,
    );
  }
}
