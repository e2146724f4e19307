import { Queue, Worker } from 'bullmq';

/** BullMQ: 200 in flight is its best where nothing is kept, 50 where results are. */
export async function open({ redisUrl }) {
  const { hostname: host, port } = new URL(redisUrl);
  const connection = { host, port: Number(port), maxRetriesPerRequest: null };
  const queue = new Queue('bench', { connection });
  await queue.waitUntilReady();
  let worker;
  return {
    add: (data) => queue.add('job', data),
    addMany: (list) => queue.addBulk(list.map((data) => ({ name: 'job', data }))),
    async work(onJob, { kept = false, inFlight = kept ? 50 : 200 } = {}) {
      const removeOnComplete = kept ? { count: 1_000_000 } : { count: 0 };
      const handle = async ({ data }) => onJob(data);
      worker = new Worker('bench', handle, { connection, concurrency: inFlight, removeOnComplete });
      await worker.waitUntilReady();
    },
    async close() {
      await worker?.close();
      await queue.close();
    },
  };
}
