import { ConflictError } from '../base/errors.js';
import { LIMITABLE_TASK, type TaskLimits } from './format/task-limits.js';
import type { JobContext } from './worker/job-context.js';

/**
 * Does the work of one task. `db` is a lazy handle that takes no connection until used; what it is depends on who
 * runs the worker. Parameters may be declared narrower than here: `(data: { to: string }, ctx, db: Database)`.
 */
export type JobHandler<Data = unknown, Db = unknown> = {
  handle(data: Data, context: JobContext, db: Db): unknown;
}['handle'];

/** A handler, or the URL of a module that exports one as `handle`: it runs in a thread of its own, without a database. */
export type TaskHandler = JobHandler | URL;

/** Defaults of one task; what a call of `enqueue` says wins. */
export interface TaskOptions {
  maxAttempts?: number;
  timeoutMs?: number;
  /** Waits between tries, ms; the last one repeats. */
  retryDelaysMs?: readonly number[];
  /** Most jobs of the task that run at once, over all workers. */
  concurrency?: number;
  /** Most runs of the task that begin within `perMs`, over all workers. */
  rateLimit?: { max: number; perMs: number };
  /** Anything else worth knowing about the task. */
  [name: string]: unknown;
}

/** Which function does the work of which task. */
export class JobRegistry {
  readonly #handlers = new Map<string, TaskHandler>();
  readonly #options = new Map<string, TaskOptions>();
  readonly #limits = new Map<string, TaskLimits>();

  /** A registry of `{ task: handler }`. */
  static from(tasks: Readonly<Record<string, TaskHandler>>): JobRegistry {
    const registry = new JobRegistry();
    for (const [name, handler] of Object.entries(tasks)) registry.register(name, handler);
    return registry;
  }

  /**
   * @throws ConflictError when `name` is taken by another handler.
   * @throws TypeError for a handler that is no function and for options out of range.
   */
  register(name: string, handler: TaskHandler, options: TaskOptions = {}): void {
    if (!name) throw new TypeError('A task needs a name');
    if (typeof handler !== 'function' && !(handler instanceof URL)) {
      throw new TypeError(`The handler of task "${name}" is not a function`);
    }
    assertOptions(name, options);
    const present = this.#handlers.get(name);
    if (present && !isSame(present, handler)) throw new ConflictError(`Task "${name}" is registered twice; rename one`);
    this.#handlers.set(name, handler);
    this.#options.set(name, options);
    const { concurrency = 0, rateLimit: { max, perMs } = { max: 0, perMs: 0 } } = options;
    if (concurrency > 0 || max > 0) this.#limits.set(name, { concurrency, max, perMs });
  }

  /** `registry.task('send_email')(handler)` registers `handler` and gives it back. */
  task(name: string, options: TaskOptions = {}): <H extends TaskHandler>(handler: H) => H {
    return (handler) => {
      this.register(name, handler, options);
      return handler;
    };
  }

  get(name: string): TaskHandler | undefined {
    return this.#handlers.get(name);
  }

  has(name: string): boolean {
    return this.#handlers.has(name);
  }

  /** The options the task was registered with. */
  getMetadata(name: string): TaskOptions | undefined {
    return this.#options.get(name);
  }

  /** What the jobs of a task may do together, for the tasks that have such limits. */
  get limits(): ReadonlyMap<string, TaskLimits> {
    return this.#limits;
  }

  /** Every handler by the name of its task. */
  get tasks(): Readonly<Record<string, TaskHandler>> {
    return Object.freeze(Object.fromEntries(this.#handlers));
  }
}

function isSame(a: TaskHandler, b: TaskHandler): boolean {
  return a === b || (a instanceof URL && b instanceof URL && a.href === b.href);
}

function assertOptions(task: string, options: TaskOptions): void {
  assertLimits(task, options);
  for (const option of ['maxAttempts', 'timeoutMs', 'concurrency'] as const) {
    const value = options[option];
    if (value === undefined || (Number.isInteger(value) && value >= 1)) continue;
    throw new TypeError(`The ${option} of task "${task}" must be a whole number, 1 or more, not ${value}`);
  }
  const { retryDelaysMs } = options;
  if (retryDelaysMs === undefined) return;
  if (Array.isArray(retryDelaysMs) && retryDelaysMs.length > 0 && retryDelaysMs.every((delay) => delay >= 0)) return;
  throw new TypeError(`The retryDelaysMs of task "${task}" must be waits in ms, such as [1000, 5000, 30000]`);
}

function assertLimits(task: string, { concurrency, rateLimit }: TaskOptions): void {
  if (concurrency === undefined && rateLimit === undefined) return;
  if (!LIMITABLE_TASK.test(task)) {
    throw new TypeError(`The name of task "${task}" must be of letters, digits and _ . : / - for it to have limits`);
  }
  if (rateLimit === undefined || (isCount(rateLimit.max) && isCount(rateLimit.perMs))) return;
  throw new TypeError(`The rateLimit of task "${task}" must be like { max: 10, perMs: 1000 }, in whole numbers`);
}

const isCount = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 1;
