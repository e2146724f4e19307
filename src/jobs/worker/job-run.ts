import { runInContext } from '../../base/context.js';
import type { Claim } from '../format/entry.js';
import type { readEnvelope, StoredEnvelope } from '../format/envelope.js';
import { JobCancelledError, JobTimeoutError, LeaseLostError, WorkerStoppingError } from '../job-errors.js';
import type { JobHandler } from '../job-registry.js';
import { JobContext } from './job-context.js';
import type { ResolvedWorkerOptions } from './worker-options.js';

/** How a run ended. `interrupted`: nothing was wrong with the job. `lost`: it belongs to another worker by now. */
export type Outcome =
  | { kind: 'succeeded'; result: unknown }
  | { kind: 'failed'; error: unknown }
  | { kind: 'cancelled' }
  | { kind: 'interrupted' }
  | { kind: 'lost' };

export type RunOptions = Pick<ResolvedWorkerOptions, 'withDb' | 'services' | 'abortGraceMs' | 'logger'> & {
  report: (changes: { progress?: number; logs?: readonly string[] }) => Promise<void>;
};

/** A timer set for longer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** One run of one job in this process. */
export class JobRun {
  readonly claim: Claim;
  readonly envelope: StoredEnvelope;
  /** Why the stored text is no job, if it is none. */
  readonly fault: unknown;
  readonly context: JobContext;
  /** Made when the handler asks for it: that took a fifth of the time of a job that does nothing. */
  #controller: AbortController | undefined;
  #reason: Error | undefined;
  #onAbort: () => void = () => {};
  readonly #options: RunOptions;
  #began: number | undefined;

  constructor(claim: Claim, { envelope, fault }: ReturnType<typeof readEnvelope>, options: RunOptions) {
    this.claim = claim;
    this.envelope = envelope;
    this.fault = fault;
    this.#options = options;
    this.context = new JobContext({
      jobId: claim.id,
      taskName: envelope.task,
      attempt: claim.run,
      maxAttempts: envelope.maxAttempts,
      enqueuedAt: envelope.enqueuedAt,
      startedAt: claim.claimedAt,
      userId: envelope.userId,
      metadata: envelope.metadata,
      signal: () => this.#signal(),
      report: options.report,
    });
  }

  /** How long it may still go on, ms, once it has begun. */
  get timeLeftMs(): number {
    if (this.#began === undefined) return 0;
    return this.#began + this.envelope.timeoutMs + this.#options.abortGraceMs - performance.now();
  }

  cancel(): void {
    this.#abort(new JobCancelledError(this.claim.id));
  }

  lose(): void {
    this.#abort(new LeaseLostError(this.claim.id));
  }

  interrupt(): void {
    this.#abort(new WorkerStoppingError(this.claim.id));
  }

  /**
   * Runs `handler` in the context of who enqueued the job; never rejects. A handler that does not heed its signal cannot
   * be stopped, but it is waited for no longer.
   */
  perform(handler: JobHandler): Promise<Outcome> {
    const { timeoutMs } = this.envelope;
    if (this.#reason) return Promise.resolve(this.#failure(this.#reason));
    this.#began = performance.now();
    const onTimeout = () => this.#abort(new JobTimeoutError(this.claim.id, timeoutMs));
    const timer = setTimeout(onTimeout, Math.min(timeoutMs, LONGEST_TIMER_MS));
    let grace: NodeJS.Timeout | undefined;
    return new Promise((resolve) => {
      const end = (outcome: Outcome): void => {
        clearTimeout(timer);
        clearTimeout(grace);
        resolve(outcome);
      };
      this.#onAbort = () => {
        grace = setTimeout(() => end(this.#overdue()), this.#options.abortGraceMs).unref();
      };
      this.#inContext(handler).then(
        (result) => end({ kind: 'succeeded', result }),
        (error: unknown) => end(this.#failure(error)),
      );
    });
  }

  #inContext(handler: JobHandler): Promise<unknown> {
    const { context, envelope } = this;
    const { withDb, services } = this.#options;
    const ambient = {
      ...envelope.context,
      logFields: { jobId: context.jobId, task: context.taskName, attempt: context.attempt },
      ...(services && { services }),
    };
    return runInContext(ambient, async () => withDb(context, async (db) => handler(envelope.data, context, db)));
  }

  /** A fault after an abort is the abort's doing. */
  #failure(error: unknown): Outcome {
    const reason = this.#reason;
    if (reason instanceof JobCancelledError) return { kind: 'cancelled' };
    if (reason instanceof LeaseLostError) return { kind: 'lost' };
    if (reason instanceof WorkerStoppingError) return { kind: 'interrupted' };
    if (reason instanceof JobTimeoutError) return { kind: 'failed', error: reason };
    return { kind: 'failed', error };
  }

  #overdue(): Outcome {
    const facts = { jobId: this.claim.id, task: this.envelope.task, reason: this.#reason };
    this.#options.logger.warn(facts, 'The handler goes on after its signal aborted; pass ctx.signal to what it awaits');
    return this.#failure(this.#reason);
  }

  #abort(reason: Error): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.#onAbort();
  }

  #signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }
}
