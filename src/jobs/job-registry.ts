import { ConflictError } from '../base/errors.js';
import type { JobContext } from './worker/job-context.js';

/**
 * Does the work of one task. `db` is a lazy handle that takes no connection until used; what it is depends on who
 * runs the worker. Parameters may be declared narrower than here: `(data: { to: string }, ctx, db: Database)`.
 */
export type JobHandler<Data = unknown, Db = unknown> = {
  handle(data: Data, context: JobContext, db: Db): unknown;
}['handle'];

/** Defaults of one task; what a call of `enqueue` says wins. */
export interface TaskOptions {
  maxAttempts?: number;
  timeoutMs?: number;
  /** Waits between tries, ms; the last one repeats. */
  retryDelaysMs?: readonly number[];
  /** Anything else worth knowing about the task. */
  [name: string]: unknown;
}

/** Which function does the work of which task. */
export class JobRegistry {
  readonly #handlers = new Map<string, JobHandler>();
  readonly #options = new Map<string, TaskOptions>();

  /** A registry of `{ task: handler }`. */
  static from(tasks: Readonly<Record<string, JobHandler>>): JobRegistry {
    const registry = new JobRegistry();
    for (const [name, handler] of Object.entries(tasks)) registry.register(name, handler);
    return registry;
  }

  /**
   * @throws ConflictError when `name` is taken by another handler.
   * @throws TypeError for a handler that is no function and for options out of range.
   */
  register(name: string, handler: JobHandler, options: TaskOptions = {}): void {
    if (!name) throw new TypeError('A task needs a name');
    if (typeof handler !== 'function') throw new TypeError(`The handler of task "${name}" is not a function`);
    assertOptions(name, options);
    const present = this.#handlers.get(name);
    if (present && present !== handler) throw new ConflictError(`Task "${name}" is registered twice; rename one`);
    this.#handlers.set(name, handler);
    this.#options.set(name, options);
  }

  /** `registry.task('send_email')(handler)` registers `handler` and gives it back. */
  task(name: string, options: TaskOptions = {}): <H extends JobHandler>(handler: H) => H {
    return (handler) => {
      this.register(name, handler, options);
      return handler;
    };
  }

  get(name: string): JobHandler | undefined {
    return this.#handlers.get(name);
  }

  has(name: string): boolean {
    return this.#handlers.has(name);
  }

  /** The options the task was registered with. */
  getMetadata(name: string): TaskOptions | undefined {
    return this.#options.get(name);
  }

  /** Every handler by the name of its task. */
  get tasks(): Readonly<Record<string, JobHandler>> {
    return Object.freeze(Object.fromEntries(this.#handlers));
  }
}

function assertOptions(task: string, options: TaskOptions): void {
  for (const option of ['maxAttempts', 'timeoutMs'] as const) {
    const value = options[option];
    if (value === undefined || (Number.isInteger(value) && value >= 1)) continue;
    throw new TypeError(`The ${option} of task "${task}" must be a whole number, 1 or more, not ${value}`);
  }
  const { retryDelaysMs } = options;
  if (retryDelaysMs === undefined) return;
  if (Array.isArray(retryDelaysMs) && retryDelaysMs.length > 0 && retryDelaysMs.every((delay) => delay >= 0)) return;
  throw new TypeError(`The retryDelaysMs of task "${task}" must be waits in ms, such as [1000, 5000, 30000]`);
}
