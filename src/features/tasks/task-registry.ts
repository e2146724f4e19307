import { uuidv7 } from '../../base/ids.js';
import type { Logger } from '../../base/ports.js';
import { type ServiceKey, serviceKey } from '../../base/services.js';
import type { TaskOutcome, TaskStore, TaskUndo } from './task-store.js';

export type { TaskOutcome } from './task-store.js';

/** A task that runs in this process. */
interface OpenTask {
  taskId: string;
  owner: string | undefined;
  cancel(tokens: Readonly<Record<string, string>>): void;
}

export interface TaskRegistryOptions {
  store: TaskStore;
  logger: Logger;
  /** Enqueues an undo as a job; called again for the same undo it does nothing. */
  enqueue(taskName: string, data: unknown, jobId: string): Promise<unknown>;
  /** How long a task counts as running after its process has died, ms. Default 15,000. */
  leaseMs?: number;
}

/** A cancellation by another instance is seen after this at most; the task has to answer within 500 ms. */
const POLL_MS = 200;

export const taskRegistryService: ServiceKey<TaskRegistry> = serviceKey('tasks');

/**
 * The tasks of this process, and through the store those of all others: hears of cancellations, keeps the leases of its
 * own tasks, and clears up after processes that died. What it writes goes out behind the task's back, in order.
 */
export class TaskRegistry {
  readonly logger: Logger;
  readonly store: TaskStore;
  readonly #enqueue: TaskRegistryOptions['enqueue'];
  readonly #leaseMs: number;
  readonly #open = new Map<string, OpenTask>();
  #poll: NodeJS.Timeout | undefined;
  #reaper: NodeJS.Timeout | undefined;
  #beatAt = 0;
  #looking = false;
  #writes: Promise<unknown> = Promise.resolve();

  constructor({ store, logger, enqueue, leaseMs = 15_000 }: TaskRegistryOptions) {
    this.store = store;
    this.logger = logger;
    this.#enqueue = enqueue;
    this.#leaseMs = leaseMs;
  }

  /** Begins to look after the tasks of processes that died. */
  start(): void {
    this.#reaper ??= setInterval(() => this.#behind(() => this.reap()), this.#leaseMs / 3).unref();
  }

  /** Waits until what was written has arrived. */
  async stop(): Promise<void> {
    clearInterval(this.#reaper);
    clearInterval(this.#poll);
    await this.#writes;
  }

  open(task: OpenTask): void {
    this.#open.set(task.taskId, task);
    this.#behind(() => this.store.open(task.taskId, task.owner));
    this.#behind(() => this.store.beat([task.taskId], this.#leaseMs));
    this.#poll ??= setInterval(() => this.#lookOnce(), POLL_MS).unref();
  }

  close(taskId: string, outcome: TaskOutcome): void {
    if (!this.#open.delete(taskId)) return;
    this.#behind(() => this.store.close(taskId, outcome));
    if (this.#open.size > 0) return;
    clearInterval(this.#poll);
    this.#poll = undefined;
  }

  /** Cancels a task wherever it runs; in this process at once. */
  async cancel(taskId: string, tokens: Readonly<Record<string, string>>): Promise<void> {
    await this.store.cancel(taskId, tokens);
    this.#open.get(taskId)?.cancel(tokens);
  }

  keepEvent(taskId: string, number: number, text: string): void {
    this.#behind(() => this.store.keepEvent(taskId, number, text));
  }

  keepUndo(taskId: string, taskName: string, data: unknown): TaskUndo {
    const undo = { id: uuidv7(), taskName, data };
    this.#behind(() => this.store.keepUndo(taskId, undo));
    return undo;
  }

  dropUndo(taskId: string, undo: TaskUndo): void {
    this.#behind(() => this.store.dropUndo(taskId, undo));
  }

  async runUndo(taskId: string, undo: TaskUndo): Promise<void> {
    await this.#enqueue(undo.taskName, undo.data, `undo:${undo.id}`);
    await this.store.dropUndo(taskId, undo);
  }

  /** Marks the tasks of dead processes as failed and runs their undos; what could not be done is tried again. */
  async reap(): Promise<void> {
    for (const taskId of await this.store.reap(this.#leaseMs)) {
      if (this.#open.has(taskId)) continue; // ours, and only late with its sign of life
      for (const undo of await this.store.undos(taskId)) await this.runUndo(taskId, undo);
      await this.store.close(taskId, 'failed');
      this.logger.warn({ task_id: taskId }, 'The process of a task has died; it was cleared up');
    }
  }

  /** A Redis that hangs is not asked again before it has answered. */
  #lookOnce(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#behind(() =>
      this.#look().finally(() => {
        this.#looking = false;
      }),
    );
  }

  async #look(): Promise<void> {
    const ids = [...this.#open.keys()];
    const now = performance.now();
    if (now - this.#beatAt > this.#leaseMs / 3) {
      this.#beatAt = now;
      await this.store.beat(ids, this.#leaseMs);
    }
    await Promise.all(
      ids.map(async (id) => {
        const tokens = await this.store.cancellation(id);
        if (tokens) this.#open.get(id)?.cancel(tokens);
      }),
    );
  }

  /** One after the other; a failure is logged, for nobody waits for it. */
  #behind(work: () => Promise<unknown>): void {
    this.#writes = this.#writes.then(work).catch((error: unknown) => {
      this.logger.warn({ err: error }, 'The state of tasks could not be kept in Redis');
    });
  }
}
