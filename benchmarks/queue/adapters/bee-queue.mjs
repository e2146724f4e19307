import Queue from 'bee-queue';

/** bee-queue: saveAll is its bulk; 50 in flight as its own benchmark has it. */
export async function open({ redisUrl }) {
  const { hostname: host, port } = new URL(redisUrl);
  const make = (settings) => new Queue('bench', { redis: { host, port: Number(port) }, ...settings });
  const queue = make({ isWorker: false, getEvents: false, sendEvents: false });
  await queue.ready();
  let worker;
  return {
    add: (data) => queue.createJob(data).save(),
    async addMany(list) {
      const faults = await queue.saveAll(list.map((data) => queue.createJob(data)));
      if (faults.size > 0) throw new Error(`${faults.size} jobs were not taken`);
    },
    async work(onJob, { kept = false, inFlight = 50 } = {}) {
      worker = make({ removeOnSuccess: !kept, getEvents: false, sendEvents: false, storeJobs: false });
      worker.process(inFlight, async ({ data }) => onJob(data));
      await worker.ready();
    },
    async close() {
      await worker?.close(5000);
      await queue.close(5000);
    },
  };
}
