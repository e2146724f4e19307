import cluster from 'node:cluster';
import { resolve } from 'node:path';
import { type BackoffPolicy, backoffDelay, DEFAULT_BACKOFF } from '../../base/backoff.js';
import { KernelError } from '../../base/errors.js';
import type { ToPrimary } from '../../service/cluster/messages.js';
import { WorkerProcess } from './worker-process.js';

export interface WorkerPoolOptions {
  /** Compiled script that makes a service and listens. */
  entry: string;
  args: readonly string[];
  workers: number;
  /** Longest graceful end of one worker, ms. */
  stopTimeoutMs: number;
  log(text: string): void;
}

interface Slot {
  number: number;
  worker: WorkerProcess | undefined;
  crashes: number;
  restart: NodeJS.Timeout | undefined;
}

/** A worker that lived this long, ms, has started well: the next crash is not one of a row. */
const STEADY_MS = 60_000;
/** What a script that only makes a service would otherwise leave unsaid. */
const HINT_MS = 30_000;
const RESTARTS: BackoffPolicy = DEFAULT_BACKOFF;

/** The processes of a service on one port. One that crashes is started again; all can be replaced without a gap. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #slots: Slot[];
  readonly #alive = new Set<WorkerProcess>();
  #isStopping = false;
  #replacing: Promise<void> = Promise.resolve();
  #waitsToReplace = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.workers }, (_, index) => ({
      number: index + 1,
      worker: undefined,
      crashes: 0,
      restart: undefined,
    }));
    cluster.schedulingPolicy = cluster.SCHED_RR; // the primary hands connections over, so none waits for one that leaves
    cluster.setupPrimary({
      exec: resolve(options.entry),
      args: [...options.args],
      serialization: 'advanced', // metrics that are no number come through
    });
  }

  /**
   * The first worker alone, which migrates; then the others at once.
   * @throws KernelError `E_CLI` where the first does not come to listen.
   */
  async start(): Promise<void> {
    const [first, ...others] = this.#slots;
    if (!first) return;
    const worker = this.#fork(first);
    const hint = setTimeout(() => this.#options.log(`${this.#options.entry} does not listen yet`), HINT_MS);
    const listens = await worker.listens;
    clearTimeout(hint);
    if (!listens) {
      if (this.#isStopping) return;
      await this.stop();
      const { how } = await worker.ended;
      throw new KernelError('E_CLI', `${this.#options.entry} ended with ${how} before it listened`);
    }
    for (const slot of others) if (!this.#isStopping) this.#fork(slot);
    await Promise.all(others.map(({ worker }) => worker?.listens));
    if (!this.#isStopping) this.#options.log(`${this.#slots.length} workers take traffic`);
  }

  /**
   * Puts a new process in the place of each, one after the other: it takes traffic before the old one ends. Where a new
   * one does not start, the old ones stay. Calls that come meanwhile replace all once more, with what is there then.
   */
  replaceAll(): Promise<void> {
    if (this.#waitsToReplace) return this.#replacing;
    this.#waitsToReplace = true;
    this.#replacing = this.#replacing.then(() => {
      this.#waitsToReplace = false;
      return this.#replaceEach();
    });
    return this.#replacing;
  }

  /** @returns whether every worker ended with status 0 in time. */
  async stop(): Promise<boolean> {
    this.#isStopping = true;
    for (const slot of this.#slots) clearTimeout(slot.restart);
    const ends = await Promise.all([...this.#alive].map((worker) => this.#end(worker, 'stop')));
    return ends.every(Boolean);
  }

  /** Ends everything at once. */
  kill(): void {
    this.#isStopping = true;
    for (const worker of this.#alive) worker.kill();
  }

  async #replaceEach(): Promise<void> {
    this.#options.log('Replacing the workers');
    for (const slot of this.#slots) {
      if (this.#isStopping) return;
      const fresh = this.#launch(slot.number);
      if (!(await fresh.listens)) {
        if (!this.#isStopping) this.#options.log('A new worker did not start; the others stay as they are');
        return;
      }
      if (this.#isStopping) return;
      const old = slot.worker;
      this.#place(slot, fresh);
      if (old && this.#alive.has(old)) await this.#end(old, 'retire');
    }
    this.#options.log('All workers are replaced');
  }

  async #end(worker: WorkerProcess, why: 'stop' | 'retire'): Promise<boolean> {
    const { clean, how } = await worker.end(why, this.#options.stopTimeoutMs);
    if (!clean) this.#options.log(`Worker ${worker.place.number} (${worker.pid}) did not end well: ${how}`);
    return clean;
  }

  #fork(slot: Slot): WorkerProcess {
    const worker = this.#launch(slot.number);
    this.#place(slot, worker);
    return worker;
  }

  #place(slot: Slot, worker: WorkerProcess): void {
    clearTimeout(slot.restart);
    slot.worker = worker;
    void worker.ended.then(({ how }) => this.#ended(slot, worker, how));
  }

  #launch(number: number): WorkerProcess {
    const worker = new WorkerProcess({ number, count: this.#slots.length });
    this.#alive.add(worker);
    void worker.ended.then(() => this.#alive.delete(worker));
    worker.hear((message) => void this.#answer(worker, message));
    return worker;
  }

  /** Nobody told it to end: it starts again, later each time it does not last. */
  #ended(slot: Slot, worker: WorkerProcess, how: string): void {
    if (this.#isStopping || worker.isLeaving || slot.worker !== worker) return;
    slot.crashes = worker.ageMs > STEADY_MS ? 1 : slot.crashes + 1;
    const waitMs = backoffDelay(slot.crashes, RESTARTS);
    this.#options.log(`Worker ${slot.number} (${worker.pid}) ended with ${how}; starts again in ${waitMs} ms`);
    slot.restart = setTimeout(() => this.#fork(slot), waitMs);
  }

  /** Any worker may be asked for the metrics of all. */
  async #answer(asker: WorkerProcess, message: ToPrimary): Promise<void> {
    if (message.kernel !== 'ask-metrics') return;
    const { id, service } = message;
    const asked = [...this.#alive].filter((worker) => worker.takesTraffic || worker === asker);
    const told = await Promise.all(asked.map((worker) => worker.metrics(id, service)));
    asker.tell({ kernel: 'metrics-of-all', id, snapshots: told.filter((snapshot) => snapshot !== undefined) });
  }
}
