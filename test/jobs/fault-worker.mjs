// A worker in a process of its own, to be killed. Its ledger is a file: one line per effect, appended atomically.
import { appendFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { JobQueue, JobRegistry, JobWorker } from '../../dist/jobs/index.js';
import { connectRedis } from '../../dist/redis/index.js';

const { url, socketTimeoutSeconds, prefix, ledger, queue: kept, worker: options } = JSON.parse(process.argv[2]);
const note = (what, { jobId, attempt }) => appendFileSync(ledger, `${what} ${jobId} ${attempt} ${process.pid}\n`);

const registry = JobRegistry.from({
  async effect({ ms, dieAfterEffectOnAttempt }, context) {
    note('start', context);
    await wait(ms);
    note('effect', context);
    if (context.attempt === dieAfterEffectOnAttempt) process.kill(process.pid, 'SIGKILL');
    return context.attempt;
  },
  block({ ms }, context) {
    note('start', context);
    const end = Date.now() + ms;
    while (Date.now() < end);
    note('effect', context);
  },
  async crash(_data, context) {
    note('start', context);
    process.abort();
  },
});

const connection = await connectRedis({ url, socketTimeoutSeconds });
const queue = new JobQueue({
  redis: connection.jobs,
  prefix,
  registry,
  openSubscriber: () => connection.open('events'),
  maxFinished: 100_000, // the test reads every record
  ...kept,
});
const metrics = {
  increment(name) {
    if (name === 'jobs_stale_acks_total') note('refused', { jobId: '-', attempt: 0 });
  },
  gauge() {},
  histogram() {},
};
const worker = new JobWorker({ queue, registry, metrics, ...options });
await worker.start();
process.once('SIGTERM', async () => {
  await worker.stop({ timeoutMs: 500 });
  queue.close();
  await connection.close();
});
process.stdout.write('ready\n');
