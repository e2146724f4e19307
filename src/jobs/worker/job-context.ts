/** What a context is made of; `jobId` and `taskName` suffice in a test of a handler. */
export interface JobContextFields {
  jobId: string;
  taskName: string;
  attempt?: number;
  maxAttempts?: number;
  enqueuedAt?: Date | undefined;
  startedAt?: Date;
  userId?: string | undefined;
  metadata?: Readonly<Record<string, unknown>> | undefined;
  /** The signal, or what makes it when it is first asked for: most handlers never do. */
  signal?: AbortSignal | (() => AbortSignal);
  /** Where progress and logs go. */
  report?: (changes: { progress?: number; logs?: readonly string[] }) => Promise<void>;
}

const NO_LINES: readonly string[] = [];
const NOTHING = Object.freeze({});
const NO_METADATA = Object.freeze({});

/** Log lines kept with a job; older ones give way. */
const MAX_LOGS = 100;
/** Characters kept of each. */
const MAX_LINE = 2000;

/** What a handler is told about its job, and how it answers while it runs. */
export class JobContext {
  readonly jobId: string;
  readonly taskName: string;
  /** Which run this is: 1, 2, 3… */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Redis time; undefined in a context made by hand. */
  readonly enqueuedAt: Date | undefined;
  readonly startedAt: Date;
  readonly userId: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly #signal: AbortSignal | (() => AbortSignal);
  readonly #report: NonNullable<JobContextFields['report']>;
  #progress: number | undefined;
  #logs: readonly string[] = NO_LINES;

  constructor(fields: JobContextFields) {
    this.jobId = fields.jobId;
    this.taskName = fields.taskName;
    this.attempt = fields.attempt ?? 1;
    this.maxAttempts = fields.maxAttempts ?? 3;
    this.enqueuedAt = fields.enqueuedAt;
    this.startedAt = fields.startedAt ?? new Date();
    this.userId = fields.userId;
    this.metadata = fields.metadata ?? NO_METADATA;
    this.#signal = fields.signal ?? new AbortController().signal;
    this.#report = fields.report ?? (async () => {});
  }

  /** Aborts when the job is cancelled, times out, lost its lease, or the worker stops. */
  get signal(): AbortSignal {
    return typeof this.#signal === 'function' ? this.#signal() : this.#signal;
  }

  /** Shows how far the job is, in a unit of its own (often percent). */
  async progress(amount: number): Promise<void> {
    const progress = Number(amount);
    this.#progress = progress;
    await this.#report({ progress });
  }

  /** Keeps a line with the job, of at most 2000 characters; the last 100 stay. */
  async log(message: string): Promise<void> {
    this.#logs = [...this.#logs, String(message).slice(0, MAX_LINE)].slice(-MAX_LOGS);
    await this.#report({ logs: this.#logs });
  }

  /** What was reported so far. */
  get reported(): { progress?: number; logs?: readonly string[] } {
    if (this.#progress === undefined && this.#logs.length === 0) return NOTHING;
    return {
      ...(this.#progress !== undefined && { progress: this.#progress }),
      ...(this.#logs.length > 0 && { logs: this.#logs }),
    };
  }
}
