import { JobQueue, JobRegistry, JobWorker } from '../../../dist/jobs/index.js';
import { connectRedis } from '../../../dist/redis/index.js';

/** app-kernel: 200 in flight; results are kept in either case, as is its default, unless `lean` switches them off. */
export async function open({ redisUrl }) {
  const connection = await connectRedis({ url: redisUrl });
  let handler = () => {};
  const registry = JobRegistry.from({ job: async (data) => handler(data) });
  const make = (settings = {}) =>
    new JobQueue({
      redis: connection.jobs,
      registry,
      openSubscriber: () => connection.open('job signals'),
      ...settings,
    });
  const queue = make();
  let worker;
  return {
    add: (data) => queue.enqueue('job', data),
    addMany: (list) => queue.enqueueMany(list.map((data) => ({ task: 'job', data }))),
    async work(onJob, { kept = false, inFlight = 200, ahead = true } = {}) {
      handler = onJob;
      const served = make(kept ? { maxFinished: 1_000_000 } : { resultTtlMs: 0 });
      worker = new JobWorker({ queue: served, registry, concurrency: inFlight, ...(!ahead && { prefetch: 0 }) });
      await worker.start();
    },
    async close() {
      await worker?.stop();
      await connection.close();
    },
  };
}
