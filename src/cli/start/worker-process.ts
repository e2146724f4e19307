import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { kernelMessage, type ToPrimary, type ToWorker } from '../../service/cluster/messages.js';
import { type WorkerPlace, workerVariables } from '../../service/env/index.js';
import type { MetricsSnapshot } from '../../telemetry/index.js';
import { closeUntaken } from './handed-connections.js';

/** Longest wait for a worker's figures, ms: one that is stuck must not hide those of the others. */
const METRICS_MS = 3_000;

/** How a process ended: `clean` where it did so with status 0. */
export interface WorkerEnd {
  clean: boolean;
  /** `status 1`, `SIGKILL` */
  how: string;
}

/** One process of a service. */
export class WorkerProcess {
  readonly place: WorkerPlace;
  readonly #worker: Worker;
  readonly #startedAt = performance.now();
  /** Whether it came to take traffic; false where it ended before. */
  readonly listens: Promise<boolean>;
  readonly ended: Promise<WorkerEnd>;
  #isListening = false;
  #isLeaving = false;

  constructor(place: WorkerPlace) {
    this.place = place;
    this.#worker = cluster.fork(workerVariables(place));
    closeUntaken(this.#worker);
    this.ended = once(this.#worker, 'exit').then(([code, signal]: (number | string | null)[]) => {
      this.#isListening = false;
      return { clean: code === 0, how: signal ? String(signal) : `status ${code}` };
    });
    const listening = once(this.#worker, 'listening').then(() => {
      this.#isListening = !this.#worker.isDead();
      return true;
    });
    this.listens = Promise.race([listening, this.ended.then(() => false)]);
    this.#worker.on('error', () => {}); // what cannot be told to a worker that is gone; `ended` says so
  }

  get pid(): number | undefined {
    return this.#worker.process.pid;
  }

  /** Whether it was told to end. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  get takesTraffic(): boolean {
    return this.#isListening && !this.#isLeaving;
  }

  get ageMs(): number {
    return performance.now() - this.#startedAt;
  }

  tell(message: ToWorker): void {
    if (this.#worker.isConnected()) this.#worker.send(message, () => {});
  }

  hear(listener: (message: ToPrimary) => void): void {
    this.#worker.on('message', (message: unknown) => {
      const known = kernelMessage<ToPrimary>(message);
      if (known) listener(known);
    });
  }

  /** Lets it finish what it does; one that takes longer than `timeoutMs` is killed. */
  async end(why: 'stop' | 'retire', timeoutMs: number): Promise<WorkerEnd> {
    this.#isLeaving = true;
    // By a message, not by a signal: where the terminal or the system has signalled it already, that would be the second.
    if (this.#isListening) this.tell({ kernel: why });
    else this.#worker.process.kill('SIGTERM');
    const limit = setTimeout(() => this.kill(), timeoutMs);
    try {
      return await this.ended;
    } finally {
      clearTimeout(limit);
    }
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL');
  }

  /** Its metrics; undefined where it does not tell them in time. */
  async metrics(id: string, service: string): Promise<MetricsSnapshot | undefined> {
    let patience: NodeJS.Timeout | undefined;
    let stopHearing = (): void => {};
    try {
      return await new Promise((resolve) => {
        const hear = (message: unknown): void => {
          const known = kernelMessage<ToPrimary>(message);
          if (known?.kernel === 'metrics' && known.id === id) resolve(known.snapshot);
        };
        this.#worker.on('message', hear);
        stopHearing = () => this.#worker.off('message', hear);
        patience = setTimeout(() => resolve(undefined), METRICS_MS);
        void this.ended.then(() => resolve(undefined));
        this.tell({ kernel: 'tell-metrics', id, service });
      });
    } finally {
      clearTimeout(patience);
      stopHearing();
    }
  }
}
