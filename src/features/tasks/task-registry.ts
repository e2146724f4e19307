import { KernelError } from '../../base/errors.js';
import { uuidv7 } from '../../base/ids.js';
import type { Logger } from '../../base/ports.js';
import { type ServiceKey, serviceKey } from '../../base/services.js';
import { sleep } from '../../base/sleep.js';
import { KeptTask } from './kept-task.js';
import type { TaskOutcome, TaskStore, TaskUndo } from './task-store.js';

export type { TaskOutcome } from './task-store.js';

/** A task that runs in this process. */
interface OpenTask {
  taskId: string;
  owner: string | undefined;
  cancel(tokens: Readonly<Record<string, string>>): void;
}

/** An undo that is a job, and when it is in the store. */
export interface KeptUndo {
  undo: TaskUndo;
  kept: Promise<void>;
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
/** Clocks of Redis servers that take over from each other differ by less. */
const CLOCK_LEEWAY_MS = 2_000;
/** What a stop leaves of its time for tasks to clear up, at most. */
const CLEANUP_MS = 2_000;

export const taskRegistryService: ServiceKey<TaskRegistry> = serviceKey('tasks');

/**
 * The tasks of this process, and through the store those of all others: hears of cancellations, keeps the leases of its
 * own tasks, and clears up after processes that died.
 */
export class TaskRegistry {
  readonly logger: Logger;
  readonly store: TaskStore;
  readonly #enqueue: TaskRegistryOptions['enqueue'];
  readonly #leaseMs: number;
  readonly #open = new Map<string, { task: OpenTask; kept: KeptTask }>();
  readonly #closing = new Set<Promise<void>>();
  #poll: NodeJS.Timeout | undefined;
  #reaper: NodeJS.Timeout | undefined;
  #beatAt = 0;
  #seenUntil = '-inf';
  #busy = new Set<string>();

  constructor({ store, logger, enqueue, leaseMs = 15_000 }: TaskRegistryOptions) {
    this.store = store;
    this.logger = logger;
    this.#enqueue = enqueue;
    this.#leaseMs = leaseMs;
  }

  /** How many tasks run in this process. */
  get size(): number {
    return this.#open.size;
  }

  /** Begins to look after the tasks of processes that died. */
  start(): void {
    this.#reaper ??= setInterval(() => this.#once('reap', () => this.reap()), this.#leaseMs / 3).unref();
  }

  /**
   * Gives tasks `timeoutMs` to end, cancels those that do not, and waits until what was written has arrived. What then
   * still runs is cleared up by another instance.
   */
  async stop({ timeoutMs = 0 }: { timeoutMs?: number } = {}): Promise<void> {
    clearInterval(this.#reaper);
    const forCleanups = Math.min(CLEANUP_MS, timeoutMs / 2);
    await this.#runOut(timeoutMs - forCleanups);
    for (const { task } of this.#open.values()) task.cancel({});
    await this.#runOut(forCleanups);
    clearInterval(this.#poll);
    await Promise.all([...this.#closing, ...[...this.#open.values()].map(({ kept }) => kept.settled())]);
  }

  /** @throws KernelError `E_TASK_ID` where a task of that id runs in this process */
  open(task: OpenTask): void {
    const { taskId, owner } = task;
    if (this.#open.has(taskId)) throw new KernelError('E_TASK_ID', `A task "${taskId}" runs already; give another id`);
    const kept = new KeptTask({ taskId, owner, store: this.store, logger: this.logger });
    this.#open.set(taskId, { task, kept });
    kept.open(this.#leaseMs);
    this.#poll ??= setInterval(() => this.#once('look', () => this.#look()), POLL_MS).unref();
  }

  /** @param completed false where the task has said nothing of its end: its undos are run as if its process had died */
  close(taskId: string, outcome: TaskOutcome, { completed }: { completed: boolean }): void {
    const kept = this.#open.get(taskId)?.kept;
    if (!kept) return;
    this.#open.delete(taskId);
    kept.close(outcome, async () => {
      if (!completed) await this.#runUndos(taskId);
    });
    const closing = kept.settled().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
    if (this.#open.size > 0) return;
    clearInterval(this.#poll);
    this.#poll = undefined;
  }

  /** Cancels a task wherever it runs; in this process at once. */
  async cancel(taskId: string, tokens: Readonly<Record<string, string>>): Promise<void> {
    await this.store.cancel(taskId, tokens);
    this.#open.get(taskId)?.task.cancel(tokens);
  }

  keepEvent(taskId: string, number: number, text: string): void {
    this.#open.get(taskId)?.kept.keepEvent({ number, text });
  }

  keepUndo(taskId: string, taskName: string, data: unknown): KeptUndo {
    const kept = this.#open.get(taskId)?.kept;
    if (!kept) throw new KernelError('E_TASK_ID', `No task "${taskId}" runs; register it before onCancelTask()`);
    const undo = { id: uuidv7(), taskName, data };
    return { undo, kept: kept.keepUndo(undo) };
  }

  async dropUndo(taskId: string, undo: TaskUndo): Promise<void> {
    await (this.#open.get(taskId)?.kept.dropUndo(undo) ?? this.store.dropUndo(taskId, undo));
  }

  async runUndo(taskId: string, undo: TaskUndo): Promise<void> {
    await this.#enqueue(undo.taskName, undo.data, `undo:${undo.id}`);
    await this.dropUndo(taskId, undo);
  }

  /** Marks the tasks of dead processes as failed and runs their undos; what could not be done is tried again. */
  async reap(): Promise<void> {
    for (const taskId of await this.store.reap(this.#leaseMs)) {
      if (this.#open.has(taskId)) continue; // ours, and only late with its sign of life
      try {
        await this.#clearUp(taskId);
        this.logger.warn({ task_id: taskId }, 'The process of a task has died; it was cleared up');
      } catch (error) {
        this.logger.error({ err: error, task_id: taskId }, 'A task of a dead process could not be cleared up yet');
      }
    }
  }

  /** Announced as well: a process that was only paused hears that its task is no longer its own. */
  async #clearUp(taskId: string): Promise<void> {
    await this.store.end(taskId, 'failed');
    await this.store.announce(taskId);
    await this.#runUndos(taskId);
    await this.store.forget(taskId);
  }

  /** One that fails keeps none of the others from running. */
  async #runUndos(taskId: string): Promise<void> {
    const faults: unknown[] = [];
    for (const undo of await this.store.undos(taskId)) {
      try {
        await this.#enqueue(undo.taskName, undo.data, `undo:${undo.id}`);
        await this.store.dropUndo(taskId, undo);
      } catch (error) {
        faults.push(error);
      }
    }
    if (faults.length > 0) throw new AggregateError(faults, `${faults.length} undos of ${taskId} could not be run`);
  }

  /** A Redis that hangs is not asked again before it has answered. */
  #once(name: string, work: () => Promise<void>): void {
    if (this.#busy.has(name)) return;
    this.#busy.add(name);
    work()
      .catch((error: unknown) => this.logger.warn({ err: error }, 'The state of tasks could not be read from Redis'))
      .finally(() => this.#busy.delete(name));
  }

  async #look(): Promise<void> {
    const now = performance.now();
    if (now - this.#beatAt > this.#leaseMs / 3) {
      await this.store.beat([...this.#open.keys()], this.#leaseMs);
      this.#beatAt = now;
    }
    const announced = await this.store.announcedSince(this.#seenUntil);
    await Promise.all(announced.map(({ id }) => this.#hear(id)));
    const last = announced.at(-1);
    if (last) this.#seenUntil = String(Number(last.moment) - CLOCK_LEEWAY_MS);
  }

  async #hear(taskId: string): Promise<void> {
    const entry = this.#open.get(taskId);
    if (!entry) return;
    const stored = await this.store.find(taskId);
    if (stored?.run !== entry.kept.run) return; // said of an earlier task with this id
    if (stored.cancelled) entry.task.cancel(await this.store.tokens(taskId));
    else if (stored.state !== 'running') entry.task.cancel({});
  }

  async #runOut(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (this.#open.size > 0 && performance.now() < deadline) await sleep(Math.min(POLL_MS / 4, timeoutMs));
  }
}
