import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/base/ports.js';
import { KernelJobOutbox, Outbox } from '../../../src/features/jobs/index.js';
import type { JobQueue } from '../../../src/jobs/index.js';
import { connect, type Database, dbContext } from '../../../src/orm/index.js';
import { QueueFixture, until } from '../../jobs/queue-fixture.js';
import { BACKENDS } from '../../redis/backends.js';
import { SQL_BACKENDS } from '../../setup/servers.js';

/** One Redis for each database, and the other Redis for one: the pairs where something could differ. */
const PAIRS = SQL_BACKENDS.flatMap((sql) =>
  BACKENDS.filter((redis) => redis === BACKENDS.at(-1) || sql.name === 'sqlite-file').map((redis) => ({ sql, redis })),
);

for (const { sql, redis } of PAIRS) {
  describe(`jobs enqueued inside a transaction (${sql.name}, ${redis})`, () => {
    let fixture: QueueFixture;
    let db: Database;
    let outbox: Outbox;
    let queue: JobQueue;
    let drop: () => Promise<void>;
    beforeEach(async () => {
      fixture = await QueueFixture.open(redis);
      const fresh = await sql.create();
      drop = () => fresh.drop();
      db = await connect(fresh.url, { entities: [KernelJobOutbox] });
      await db.migrate();
      outbox = new Outbox({ db, logger: silentLogger, leftAfterMs: 0, lookMs: 10 });
      queue = fixture.client({ registry: fixture.registry, outbox });
      fixture.registry.register('work', (data) => data);
    });
    afterEach(async () => {
      await outbox.stop();
      await db.close();
      await fixture.dispose();
      await drop();
    });

    const rows = () => KernelJobOutbox.count({ db });
    const waiting = async () => (await queue.stats()).waiting;

    it('are in line once it is committed, not before', async () => {
      outbox.start(queue);
      await outbox.stop(); // so that nobody but the one who commits hands anything over
      const before: number[] = [];
      const { jobId } = await db.context(async () => {
        const result = await queue.enqueue('work', 'committed', { priority: 'high', maxAttempts: 5 });
        before.push(await waiting(), await rows());
        return result;
      });
      expect(before).toEqual([0, 1]);
      expect(await queue.get(jobId)).toMatchObject({ status: 'queued', data: 'committed', priority: 'high' });
      expect(await rows()).toBe(0);
      await fixture.worker();
      expect(await fixture.job(jobId, 'succeeded')).toMatchObject({ result: 'committed', maxAttempts: 5 });
    });

    it('never run when it is rolled back, whole or to a savepoint', async () => {
      outbox.start(queue);
      const ran: unknown[] = [];
      fixture.registry.register('note', (data) => void ran.push(data));
      const fail = new Error('undone');
      await expect(
        db.context(async () => {
          await queue.enqueue('note', 'undone');
          throw fail;
        }),
      ).rejects.toBe(fail);
      await db.context(async () => {
        await dbContext(
          async () => {
            await queue.enqueue('note', 'undone inside');
            throw fail;
          },
          { db },
        ).catch(() => {});
        await queue.enqueue('note', 'kept');
      });
      const { jobId } = await queue.enqueue('note', 'last', { priority: 'low' });
      await fixture.worker({ concurrency: 1 });
      await fixture.job(jobId, 'succeeded');
      expect(ran).toEqual(['kept', 'last']);
      expect(await rows()).toBe(0);
    });

    it('get in line although whoever committed them died before it could hand them over', async () => {
      const { jobId } = await db.context(() => queue.enqueue('work', 'left')); // nobody has started to hand over
      expect(await waiting()).toBe(0);
      expect(await rows()).toBe(1);
      outbox.start(queue);
      await until(async () => ((await rows()) === 0 ? true : undefined), 'the row to go');
      expect(await queue.get(jobId)).toMatchObject({ status: 'queued', data: 'left' });
    });

    it('are taken once, however often they are handed over, also after they have run', async () => {
      const { jobId } = await db.context(() => queue.enqueue('work', 'once'));
      const [row] = await KernelJobOutbox.find({ db });
      const texts = [row?.payload ?? ''];
      await Promise.all([queue.takeCommitted(texts), queue.takeCommitted(texts)]);
      expect(await waiting()).toBe(1);
      await fixture.worker();
      await fixture.job(jobId, 'succeeded');
      await queue.purge('finished'); // its record has gone
      await queue.takeCommitted(texts);
      expect(await queue.stats()).toMatchObject({ waiting: 0, totals: { succeeded: 1 } });
    });

    it('keep their delay, their jobId and their schedule', async () => {
      outbox.start(queue);
      await db.context(async () => {
        await queue.enqueue('work', 1, { delayMs: 60_000, jobId: 'mine' });
        await queue.enqueue('work', 2, { cron: '0 0 1 1 *', jobId: 'yearly' });
      });
      const job = await queue.get('mine');
      expect(job?.status).toBe('queued');
      expect(Number(job?.runAt)).toBeGreaterThan(Date.now() + 50_000);
      expect(await queue.schedules()).toMatchObject([{ scheduleId: 'yearly', data: 2 }]);
      await db.context(() => queue.enqueue('work', 3, { jobId: 'mine' }));
      expect((await queue.get('mine'))?.data).toBe(1);
    });

    it('are refused with the transaction going on, when they are faulty', async () => {
      outbox.start(queue);
      await db.context(async () => {
        await expect(queue.enqueue('work', 1n)).rejects.toThrow('JSON');
        await expect(queue.enqueue('work', 1, { cron: 'never' })).rejects.toThrow('cron');
        await queue.enqueue('work', 'fine');
      });
      expect(await waiting()).toBe(1);
    });

    it('are in line at once in a context that only reads', async () => {
      await db.context(() => queue.enqueue('work'), { readOnly: true });
      expect(await waiting()).toBe(1);
    });
  });
}
