import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import pg from 'pg';

const logger = new Logger(() => () => {});

/** graphile-worker: a local queue of 500 and batched completions, as its own best benchmark has it. It keeps no results. */
export async function open({ postgresUrl }) {
  const pgPool = new pg.Pool({ connectionString: postgresUrl, max: 20 });
  const utils = await makeWorkerUtils({ pgPool, logger });
  await utils.migrate();
  let runner;
  return {
    add: (data) => utils.addJob('job', data),
    addMany: (list) => utils.addJobs(list.map((payload) => ({ identifier: 'job', payload }))),
    async work(onJob, { inFlight = 24, ahead = true } = {}) {
      const batched = {
        localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
      };
      runner = await run({
        pgPool,
        logger,
        concurrency: inFlight,
        pollInterval: 200,
        noHandleSignals: true,
        taskList: { job: async (data) => void onJob(data) },
        ...(ahead && { preset: { worker: batched } }),
      });
    },
    async close() {
      await runner?.stop();
      await utils.release();
      await pgPool.end();
    },
  };
}
