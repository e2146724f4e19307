import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { silentLogger } from '../../src/base/ports.js';
import { QueueSignals } from '../../src/jobs/queue/queue-signals.js';
import type { RedisClient } from '../../src/redis/index.js';

it('subscribes, once it can, to what was refused at first', async () => {
  let isAway = true;
  const subscribed: string[] = [];
  const client = Object.assign(new EventEmitter(), {
    subscribe: async (channel: string) => {
      if (isAway) throw new Error('away');
      subscribed.push(channel);
    },
    disconnect: () => {},
  });
  const signals = new QueueSignals(() => client as unknown as RedisClient, silentLogger);
  const heard: string[] = [];
  await signals.listen('wake', (message) => heard.push(message));
  expect(subscribed).toEqual([]);
  isAway = false;
  client.emit('ready');
  client.emit('ready');
  expect(subscribed).toEqual(['wake']);
  client.emit('message', 'wake', 'now');
  expect(heard).toEqual(['now']);
  signals.close();
});
