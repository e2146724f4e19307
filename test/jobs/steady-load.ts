import type { JobQueue } from '../../src/jobs/index.js';

/** What became of the calls of a load. */
export interface LoadFigures {
  /** Ids of the jobs that the queue said it has. */
  accepted: readonly string[];
  refusals: readonly unknown[];
  /** The longest that a call took, ms. */
  slowestMs: number;
}

/** Enqueues one job after the other until it is stopped. What is refused is not tried again. */
export function startLoad(queue: JobQueue, { data = {} as object, everyMs = 5 } = {}): () => Promise<LoadFigures> {
  const accepted: string[] = [];
  const refusals: unknown[] = [];
  let slowestMs = 0;
  let isLoading = true;
  const load = (async () => {
    while (isLoading) {
      const began = performance.now();
      try {
        accepted.push((await queue.enqueue('effect', { ms: 5, ...data })).jobId);
      } catch (error) {
        refusals.push(error);
      }
      slowestMs = Math.max(slowestMs, performance.now() - began);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  })();
  return async () => {
    isLoading = false;
    await load;
    return { accepted, refusals, slowestMs };
  };
}
