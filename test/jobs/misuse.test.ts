import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, ValidationError } from '../../src/base/errors.js';
import { JobQueue, JobWorker } from '../../src/jobs/index.js';
import { QueueFixture } from './queue-fixture.js';

let fixture: QueueFixture;
beforeEach(async () => {
  fixture = await QueueFixture.open('memory');
});
afterEach(() => fixture.dispose());

describe('a word that the queue does not know', () => {
  it('purges nothing', async () => {
    fixture.registry.register('work', () => {});
    await fixture.queue.enqueue('work');
    await expect(fixture.queue.purge('all' as never)).rejects.toThrow(
      'kind: is "all"; use one of waiting, finished, dead',
    );
    expect((await fixture.queue.stats()).waiting).toBe(1);
  });

  it('is refused as a state and as an event, with those there are', async () => {
    await expect(fixture.queue.list({ status: 'waiting' as never })).rejects.toThrow('use one of queued, running');
    await expect(fixture.queue.on('completed' as never, () => {})).rejects.toBeInstanceOf(ValidationError);
  });
});

describe('an option that is none', () => {
  it('of the queue is named with the one that was meant', () => {
    const { redis } = fixture.queue;
    expect(() => new JobQueue({ redis, prefx: 'shop:' } as never)).toThrow(
      'prefx: is no option; did you mean "prefix"?',
    );
    expect(() => new JobQueue({ redis, prefix: 5 as never })).toThrow('prefix: must be a string');
  });

  it('of the worker is named, and so is what is missing', () => {
    const { queue, registry } = fixture;
    expect(() => new JobWorker({ queue, registry, concurency: 9 } as never)).toThrow('did you mean "concurrency"?');
    expect(() => new JobWorker({ queue } as never)).toThrow('registry: is missing. Pass the JobRegistry');
  });
});

it('a URL in place of a Redis client is refused with what to pass', () => {
  const build = () => new JobQueue({ redis: 'redis://localhost' as never });
  expect(build).toThrow(ConfigError);
  expect(build).toThrow("redis: is no Redis client. Pass one: new Redis('redis://…')");
});
