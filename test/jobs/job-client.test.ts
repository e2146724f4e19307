import { afterEach, expect, it } from 'vitest';
import { Services } from '../../src/base/services.js';
import { getJobClient, jobQueueService } from '../../src/jobs/index.js';
import { QueueFixture } from './queue-fixture.js';

let fixture: QueueFixture | undefined;
afterEach(() => fixture?.dispose());

it('getJobClient answers the running kernel’s queue, and says what to do before there is one', async () => {
  expect(() => getJobClient()).toThrow('start a service that has tasks first');
  fixture = await QueueFixture.open('memory');
  const services = new Services();
  services.provide(jobQueueService, fixture.queue);
  expect(getJobClient()).toBe(fixture.queue);
  services.close();
  expect(() => getJobClient()).toThrow(expect.objectContaining({ code: 'E_NOT_STARTED' }));
});

it('inside a handler, accessors answer the kernel that the worker belongs to', async () => {
  fixture = await QueueFixture.open('memory');
  const { queue } = fixture;
  const [own, newest] = [new Services(), new Services()];
  own.provide(jobQueueService, queue);
  newest.provide(jobQueueService, fixture.client());
  fixture.registry.register('look', () => getJobClient() === queue);
  await fixture.worker({ services: own });
  const { jobId } = await queue.enqueue('look');
  expect(await fixture.job(jobId, 'succeeded')).toMatchObject({ result: true });
  own.close();
  newest.close();
});
