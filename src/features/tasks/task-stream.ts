import { randomBytes } from 'node:crypto';
import { currentContext } from '../../base/context.js';
import { type Logger, silentLogger } from '../../base/ports.js';
import { ambientService } from '../../base/services.js';
import { sseEvent } from '../../http/index.js';
import { TaskCancelled } from './task-cancelled.js';
import { type LogLevel, sseComplete, sseLog, sseTaskId } from './task-events.js';
import { type TaskOutcome, type TaskRegistry, taskRegistryService } from './task-registry.js';
import type { TaskUndo } from './task-store.js';
import { type CancelHandle, type KeptCancelHandle, UndoList } from './undo-list.js';

export interface TaskStreamOptions {
  /** Default `<prefix>-<12 hex digits>`. */
  taskId?: string;
  /** False: `register(taskId)` is called later. Default true. */
  register?: boolean;
}

/** Work that may be cancelled: a promise, or a function that is told when to stop. */
export type Cancellable<T> = PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>);

/**
 * One long operation: what it says goes to the client as events, its user can cancel it from any instance, and what it
 * has made so far can be undone. Ends with `cleanup()`, in a `finally` or by `await using`.
 */
export class TaskStream implements AsyncDisposable {
  /** Every line said so far, with its time. */
  readonly logs: string[] = [];
  readonly #registry: TaskRegistry | undefined = ambientService(taskRegistryService);
  readonly #owner = currentContext().actor?.id;
  readonly #stream = currentContext().stream;
  readonly #controller = new AbortController();
  readonly #undos: UndoList;
  readonly #logger: Logger;
  #taskId: string;
  #announced = false;
  #registered = false;
  #events = 0;
  #outcome: TaskOutcome = 'failed';
  #completed = false;
  #undosFailed = false;
  #tokens: Readonly<Record<string, string>> = {};

  constructor(prefix = 'task', { taskId, register = true }: TaskStreamOptions = {}) {
    this.#taskId = taskId ?? `${prefix}-${randomBytes(6).toString('hex')}`;
    this.#logger = this.#registry?.logger ?? silentLogger;
    this.#undos = new UndoList(this.#logger);
    if (register) this.register(this.#taskId);
  }

  get taskId(): string {
    return this.#taskId;
  }

  /** Aborts when the user cancels. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get isCancelled(): boolean {
    return this.signal.aborted;
  }

  /** The `X-*-Token` headers of the request that cancelled, by lower-case name: what cleanups may need to act. */
  get cancelTokens(): Readonly<Record<string, string>> {
    return this.#tokens;
  }

  /** The last line said, '' before the first. */
  get last(): string {
    return this.logs.at(-1) ?? '';
  }

  /** Makes the task known under `taskId`, so that it can be cancelled; for tasks whose id is only known later. */
  register(taskId: string): this {
    this.cleanup();
    this.#taskId = taskId;
    this.#registry?.open({
      taskId,
      owner: this.#owner,
      cancel: (tokens) => this.#cancel(tokens),
    });
    this.#registered = true;
    return this;
  }

  /**
   * Forgets the undos and the registration. A task that never said `complete()` (its client left, an error, a stop) has
   * failed as one whose process died: its undos that are jobs are enqueued. Idempotent.
   */
  cleanup(): void {
    this.#undos.clear();
    if (!this.#registered) return;
    this.#registered = false;
    const outcome = this.isCancelled && this.#outcome !== 'completed' ? 'cancelled' : this.#outcome;
    this.#registry?.close(this.#taskId, outcome, { completed: this.#completed && !this.#undosFailed });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cleanup();
  }

  /** @throws TaskCancelled when the user has cancelled. */
  check(): void {
    if (this.isCancelled) throw new TaskCancelled(this.#taskId);
  }

  /**
   * What `work` comes to, unless the user cancels first. A function is handed a signal and can stop; a bare promise goes on
   * behind our back, and what becomes of it nobody hears.
   * @throws TaskCancelled within half a second of the cancellation
   */
  async cancellable<T>(work: Cancellable<T>): Promise<T> {
    const begun = typeof work === 'function' ? work : unheard(work); // it goes on also where we are cancelled already
    this.check();
    const result = typeof begun === 'function' ? unheard(begun(this.signal)) : begun;
    const value = await this.#unlessCancelled(result);
    this.check();
    return value;
  }

  /** As `cancellable`, for several at once; their results in order. */
  cancellableGather<T extends readonly Cancellable<unknown>[]>(
    ...works: T
  ): Promise<{ -readonly [Index in keyof T]: T[Index] extends Cancellable<infer Result> ? Result : never }> {
    const begun = works.map((work) => (typeof work === 'function' ? work : unheard(work)));
    const all = (signal: AbortSignal): Promise<unknown[]> =>
      Promise.all(begun.map(async (work) => (typeof work === 'function' ? work(signal) : work)));
    return this.cancellable(all) as never;
  }

  /** Remembers how to undo what was just made; undos run in reverse order. `discard()` once it is there to stay. */
  onCancel<Args extends unknown[]>(undo: (...args: Args) => unknown, ...args: Args): CancelHandle {
    return this.#undos.add(undo.name || 'anonymous', () => undo(...args));
  }

  /**
   * The same as a job: it is also run, by another instance, when the process of this task dies. Await `kept` before what it
   * undoes is made, where not even a crash in between may leave anything behind.
   * @throws KernelError `E_TASK_ID` for a task that is not registered
   */
  onCancelTask(taskName: string, data: unknown): KeptCancelHandle {
    const registry = this.#registry;
    if (!registry) return { ...this.#undos.add(taskName, () => {}), kept: Promise.resolve() };
    const { undo, kept } = registry.keepUndo(this.#taskId, taskName, data);
    const handle = this.#undos.add(taskName, () => this.#enqueueUndo(registry, undo));
    return {
      kept,
      discard: () => {
        handle.discard();
        registry.dropUndo(this.#taskId, undo).catch(() => {}); // said in the log
      },
    };
  }

  /** Runs every undo, the last first. For the handler of `TaskCancelled`. */
  async runCleanups(): Promise<void> {
    await this.#undos.run();
  }

  /** Says a line that the next `log()` sends. */
  message(text: string): void {
    this.logs.push(`[${new Date().toISOString().slice(11, 19)}] ${text}`);
  }

  /** The last line, or `text`, as an event; the first one brings the task's id along. '' while nothing was said. */
  log(text?: string, level: LogLevel | string = 'info'): string {
    if (text !== undefined) this.message(text);
    if (this.logs.length === 0) return '';
    const first = this.#announced ? '' : this.taskIdEvent();
    return first + this.#emit(sseLog(this.last, level));
  }

  taskIdEvent(): string {
    this.#announced = true;
    return this.#emit(sseTaskId(this.#taskId));
  }

  event(name: string, data: Readonly<Record<string, unknown>> = {}): string {
    return this.#emit(sseEvent(name, data));
  }

  /** The last event of the task; `extra` (a `result`, say) stands beside its fields. */
  complete(success: boolean, extra: { error?: string | null } & Record<string, unknown> = {}): string {
    this.#outcome = success ? 'completed' : 'failed';
    this.#completed = true;
    return this.#emit(sseComplete(success, this.#taskId, extra));
  }

  /** Every line said so far. */
  flush(): string {
    return this.logs.join('\n');
  }

  /** Numbered, and kept for a while for a client that was cut off. */
  #emit(event: string): string {
    this.#events += 1;
    const numbered = `id: ${this.#events}\n${event}`;
    if (this.#registered) this.#registry?.keepEvent(this.#taskId, this.#events, numbered);
    return numbered;
  }

  /** What cannot be enqueued now is kept, and tried again after the task. */
  async #enqueueUndo(registry: TaskRegistry, undo: TaskUndo): Promise<void> {
    try {
      await registry.runUndo(this.#taskId, undo);
    } catch (error) {
      this.#undosFailed = true;
      throw error;
    }
  }

  #cancel(tokens: Readonly<Record<string, string>>): void {
    if (this.isCancelled) return;
    this.#tokens = tokens;
    this.#controller.abort(new TaskCancelled(this.#taskId));
    this.#stream?.hurry(); // or a client that takes nothing would keep us from clearing up
  }

  #unlessCancelled<T>(result: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(new TaskCancelled(this.#taskId));
      if (this.isCancelled) stop();
      this.signal.addEventListener('abort', stop, { once: true });
      result.then(resolve, reject).finally(() => this.signal.removeEventListener('abort', stop));
    });
  }
}

/** After a cancellation nobody looks at it, and a failure that nobody hears ends the process. */
function unheard<T>(work: PromiseLike<T>): Promise<T> {
  const result = Promise.resolve(work);
  result.catch(() => {});
  return result;
}
