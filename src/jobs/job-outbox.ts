/** Jobs on their way through the database of whoever enqueues them. */
export interface OutboxJob {
  jobId: string;
  /** For `JobQueue.takeCommitted`. */
  text: string;
}

/**
 * Where jobs go that are enqueued as part of a transaction: they must reach the queue if it commits, and only then.
 * Whoever implements it keeps them in that transaction, and hands them to `takeCommitted` afterwards, again and again
 * until it succeeds.
 */
export interface JobOutbox {
  /** Whether the caller is inside a transaction. */
  isOpen(): boolean;
  put(jobs: readonly OutboxJob[]): Promise<void>;
}
