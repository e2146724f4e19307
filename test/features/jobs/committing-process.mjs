// Commits rows together with jobs, one transaction after the other, every third of them undone, until it is killed. With
// `dieAt` it kills itself: once a row is `committed`, before its job is pushed, or once that is `pushed`, before its row goes.
import { Outbox } from '../../../dist/features/jobs/outbox.js';
import { JobQueue, JobRegistry } from '../../../dist/jobs/index.js';
import { connect } from '../../../dist/orm/index.js';
import { connectRedis } from '../../../dist/redis/index.js';

const { databaseUrl, redisUrl, prefix, life, dieAt, dieAfter } = JSON.parse(process.argv[2]);
const die = () => process.kill(process.pid, 'SIGKILL');
const silent = () => {};
const logger = { trace: silent, debug: silent, info: silent, warn: silent, error: silent, fatal: silent };
const db = await connect(databaseUrl);
const connection = await connectRedis({ url: redisUrl });
const outbox = new Outbox({ db, logger });
const registry = JobRegistry.from({ work: () => {} });
const queue = new JobQueue({ redis: connection.jobs, prefix, registry, outbox });
let left = dieAfter;
if (dieAt === 'pushed') {
  const take = queue.takeCommitted.bind(queue);
  queue.takeCommitted = async (texts) => {
    await take(texts);
    if (--left === 0) die();
  };
}
outbox.start(queue);
for (let n = 0; ; n++) {
  const name = `${life}.${n}`;
  const done = db.context(async (tx) => {
    if (dieAt === 'committed') {
      db.afterCommit(() => {
        if (--left === 0) die();
      });
    }
    await tx.execute('INSERT INTO ledger (name) VALUES (?)', [name]);
    await queue.enqueue('work', name);
    if (n % 3 === 2) throw new Error('undone');
  });
  await done.catch(silent);
  process.stdout.write(`${name}\n`);
}
