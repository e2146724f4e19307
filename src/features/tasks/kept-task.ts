import { uuidv7 } from '../../base/ids.js';
import type { Logger } from '../../base/ports.js';
import { MAX_EVENTS, type TaskEvent, type TaskOutcome, type TaskStore, type TaskUndo } from './task-store.js';

export interface KeptTaskOptions {
  taskId: string;
  owner: string | undefined;
  store: TaskStore;
  logger: Logger;
}

/**
 * What the store is told of one task of this process: in order, and behind the task's back. Events wait for each other
 * here and go out together; no more wait than the store would keep.
 */
export class KeptTask {
  /** Which run of this id it is. */
  readonly run = uuidv7();
  readonly #options: KeptTaskOptions;
  readonly #events: TaskEvent[] = [];
  #writes: Promise<unknown> = Promise.resolve();
  #refused = false;

  constructor(options: KeptTaskOptions) {
    this.#options = options;
  }

  /** @param leaseMs how long it counts as running after its process has died */
  open(leaseMs: number): void {
    const { taskId, owner, store, logger } = this.#options;
    void this.#behind(async () => {
      this.#refused = !(await store.open(taskId, owner, this.run));
      if (this.#refused) logger.error({ task_id: taskId }, 'A task of this id runs elsewhere; this one is not kept');
      else await store.beat([taskId], leaseMs);
    });
  }

  keepEvent(event: TaskEvent): void {
    this.#events.push(event);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
    if (this.#events.length === 1) void this.#behind(() => this.#sendEvents());
  }

  /** Rejects where it could not be stored; who does not look is not bothered. */
  keepUndo(undo: TaskUndo): Promise<void> {
    return this.#behind(() => this.#options.store.keepUndo(this.#options.taskId, undo));
  }

  dropUndo(undo: TaskUndo): Promise<void> {
    return this.#behind(() => this.#options.store.dropUndo(this.#options.taskId, undo));
  }

  /** @param undo run before it is forgotten; where that fails, its lease runs out, and it is tried again elsewhere */
  close(outcome: TaskOutcome, undo: () => Promise<void>): void {
    const { taskId, store } = this.#options;
    void this.#behind(async () => {
      await store.end(taskId, outcome);
      await undo();
      await store.forget(taskId);
    });
  }

  /** Resolves when what was written has arrived. */
  async settled(): Promise<void> {
    await this.#writes;
  }

  async #sendEvents(): Promise<void> {
    await this.#options.store.keepEvents(this.#options.taskId, this.#events.splice(0));
  }

  /** One after the other; a failure is logged, for hardly anybody waits for it. */
  #behind(work: () => Promise<void>): Promise<void> {
    const done = this.#writes.then(() => (this.#refused ? undefined : work()));
    this.#writes = done.catch((error: unknown) => {
      const fields = { err: error, task_id: this.#options.taskId };
      this.#options.logger.warn(fields, 'The state of a task could not be kept in Redis');
    });
    return done;
  }
}
