import { runScript } from '../../redis/index.js';
import type { Acknowledgement } from '../format/acknowledgement.js';
import { parseClaim } from '../format/entry.js';
import type { JobReport, JobRun, Outcome } from './job-run.js';
import { SHOW_PROGRESS } from './progress-script.js';
import type { ResolvedWorkerOptions } from './worker-options.js';

/** Tells logs, metrics and the queue what a worker's jobs do. */
export class WorkerReporter {
  readonly #workerId: string;
  readonly #options: ResolvedWorkerOptions;

  constructor(workerId: string, options: ResolvedWorkerOptions) {
    this.#workerId = workerId;
    this.#options = options;
  }

  /** Shows progress and log lines of a running job to whoever asks the queue. A fault here must not fail the job. */
  async show(run: JobRun, { progress, logs }: JobReport): Promise<void> {
    const { redis, keys } = this.#options.queue;
    const fields = [
      ...(progress === undefined ? [] : ['progress', progress]),
      ...(logs ? ['logs', JSON.stringify(logs)] : []),
    ];
    const { text: claim, id } = run.claim;
    try {
      await runScript(redis, SHOW_PROGRESS, [keys.base], [this.#workerId, claim, id, ...fields]);
    } catch (error) {
      this.#options.logger.debug({ err: error, jobId: run.claim.id }, 'Progress of a job could not be shown');
    }
  }

  ended(run: JobRun, outcome: Outcome, acknowledgement: Acknowledgement | undefined, atMs: number): void {
    const { metrics, logger } = this.#options;
    const { task } = run.envelope;
    metrics.increment('jobs_processed_total', { task, outcome: acknowledgement?.kind ?? outcome.kind });
    metrics.histogram('job_duration_seconds', Math.max(0, atMs - run.claim.claimedAtMs) / 1000, { task });
    if (outcome.kind !== 'failed') return;
    const facts = { err: outcome.error, jobId: run.claim.id, task, attempt: run.claim.run };
    if (acknowledgement?.kind === 'retry') logger.warn(facts, 'Job failed; it will be tried again');
    else logger.error(facts, 'Job failed for good; see the dead letters');
  }

  stale(claim: string): void {
    this.#options.metrics.increment('jobs_stale_acks_total');
    this.#options.logger.warn(
      { jobId: parseClaim(claim).id },
      'A job finished here after it was given to another worker; refused',
    );
  }

  lost(count: number): void {
    this.#options.logger.warn(
      { jobs: count },
      'This worker was taken for dead and its jobs run elsewhere. If its handlers block the event loop for longer ' +
        'than leaseMs, let them pause or raise leaseMs',
    );
  }

  stepFailed(error: unknown): void {
    this.#options.logger.warn({ err: error }, 'Job worker: a step failed; trying again');
  }

  unknownTask(run: JobRun, error: Error): void {
    const facts = { jobId: run.claim.id, task: run.envelope.task };
    this.#options.logger.warn(facts, `${error.message}; the job is handed on`);
  }
}
