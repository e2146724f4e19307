import type { KernelEvent } from './event-queue.js';

/** What a room registers: the name of its events, and how they are stored. */
export interface EventChannel<E extends KernelEvent = KernelEvent> {
  /** Unique in a kernel; part of the key in Redis: `audit_events` waits in `{admin:audit_events}`. */
  key: string;
  /**
   * Stores the whole batch, all or nothing, in one statement per table. It must pass over events whose id is stored
   * already (a unique column and `onConflict: 'ignore'`): after a kill, or where Redis did not answer in time, a batch
   * comes once more.
   */
  save(events: readonly E[]): Promise<void>;
  /** Most events of one batch. Default 500. */
  batchSize?: number;
}
