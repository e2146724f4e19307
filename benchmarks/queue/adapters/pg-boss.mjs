import { PgBoss } from 'pg-boss';

/** pg-boss: `insert` is its bulk, batches of 200 its fastest way to work. */
export async function open({ postgresUrl }) {
  const boss = new PgBoss({ connectionString: postgresUrl, max: 20 });
  boss.on('error', () => {});
  await boss.start();
  await boss.createQueue('bench');
  return {
    add: (data) => boss.send('bench', data),
    addMany: (list) =>
      boss.insert(
        'bench',
        list.map((data) => ({ data })),
      ),
    async work(onJob, { inFlight = 200 } = {}) {
      await boss.work('bench', { batchSize: inFlight, pollingIntervalSeconds: 0.5 }, async (jobs) => {
        for (const { data } of jobs) onJob(data);
      });
    },
    close: () => boss.stop({ graceful: false, close: true }),
  };
}
