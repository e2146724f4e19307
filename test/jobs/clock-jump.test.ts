import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { runStep } from '../../src/jobs/worker/worker-step.js';
import { gate, QueueFixture, until } from './queue-fixture.js';

let fixture: QueueFixture;
beforeEach(async () => {
  fixture = await QueueFixture.open('memory'); // its time is this process's Date.now()
});
afterEach(async () => {
  vi.restoreAllMocks();
  await fixture.dispose();
});

function jump(ms: number): void {
  const now = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => now() + ms);
}

it('a server clock that jumps ahead takes no job from a worker that lives', async () => {
  const { opened, open } = gate();
  fixture.registry.register('long', () => opened);
  const busy = await fixture.worker({ pollMs: 300, heartbeatMs: 400 });
  const { jobId } = await fixture.queue.enqueue('long');
  await fixture.job(jobId, 'running');
  const looks = vi.fn();
  const watching = watchedClient(looks);
  await fixture.worker({ queue: watching, reapMs: 10, heartbeatMs: 20, concurrency: 1 } as object);
  await until(() => (looks.mock.calls.length > 3 ? true : undefined), 'it to look for dead workers');
  jump(300_000);
  const before = looks.mock.calls.length;
  await until(() => (looks.mock.calls.length > before + 10 ? true : undefined), 'it to look again');
  expect(await fixture.queue.get(jobId)).toMatchObject({ status: 'running', attempts: 1, crashes: 0 });
  expect(busy.running).toBe(1);
  open();
  expect(await fixture.job(jobId, 'succeeded')).toMatchObject({ attempts: 1 });
});

it('a server clock that jumps back leaves no job with a dead worker', async () => {
  fixture.registry.register('work', () => 'done');
  const { redis, keys, settings } = fixture.queue;
  const looks = vi.fn();
  await fixture.worker({ queue: watchedClient(looks), leaseMs: 400, reapMs: 10, heartbeatMs: 50 } as object);
  await until(() => (looks.mock.calls.length > 3 ? true : undefined), 'it to look for dead workers');
  await fixture.queue.pause();
  const { jobId } = await fixture.queue.enqueue('work');
  await fixture.queue.resume();
  await redis.del(keys.flags);
  await runStep(
    { id: 'dead', leaseMs: 400, redis, keys, settings, suspectDelayMs: 1 },
    { acknowledgements: [], wanted: 1, mayHold: 1 },
  );
  jump(-3_600_000);
  await fixture.job(jobId, 'succeeded');
});

/** A client of the same queue that tells of each look for dead workers. */
function watchedClient(onLook: () => void) {
  const redis = new Proxy(fixture.queue.redis, {
    get: (target, name) => {
      if (name === 'kernelJobsReap') onLook();
      return Reflect.get(target, name);
    },
  });
  return fixture.client({ redis, registry: fixture.registry });
}
