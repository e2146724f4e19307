import type { RedisClient } from '../../redis/index.js';
import type { QueueKeys } from '../format/queue-keys.js';

/** How a queue stands, and what it has done since it began. */
export interface QueueStats {
  waiting: number;
  delayed: number;
  running: number;
  /** Dead letters. */
  dead: number;
  /** Records of finished jobs. */
  finished: number;
  workers: number;
  /** Tasks that start again and again. */
  schedules: number;
  paused: boolean;
  totals: { succeeded: number; failed: number; retried: number; cancelled: number; recovered: number };
}

export async function readQueueStats(redis: RedisClient, keys: QueueKeys): Promise<QueueStats> {
  const [workers, parked] = await Promise.all([redis.zrange(keys.workers, 0, -1), redis.smembers(keys.parked)]);
  const [waiting, running, delayed, dead, finished, schedules, paused, totals] = await Promise.all([
    sumOfLengths(redis, waitingLists(keys, parked)),
    sumOfLengths(redis, workers.map(keys.processing)),
    redis.zcard(keys.delayed),
    redis.zcard(keys.graveyard),
    redis.llen(keys.finished),
    redis.zcard(keys.ticks),
    redis.hexists(keys.flags, 'paused'),
    redis.hgetall(keys.totals),
  ]);
  const total = (name: string) => Number(totals[name] ?? 0);
  return {
    waiting,
    delayed,
    running,
    dead,
    finished,
    workers: workers.length,
    schedules,
    paused: paused === 1,
    totals: {
      succeeded: total('succeeded'),
      failed: total('failed'),
      retried: total('retried'),
      cancelled: total('cancelled'),
      recovered: total('recovered'),
    },
  };
}

/** Every list that waiting entries stand in, the most urgent first. */
export function waitingLists(keys: QueueKeys, parked: readonly string[]): string[] {
  const letters = ['h', 'n', 'l'] as const;
  return letters.flatMap((letter) => [keys.waiting(letter), ...parked.map((task) => keys.park(letter, task))]);
}

async function sumOfLengths(redis: RedisClient, lists: readonly string[]): Promise<number> {
  const lengths = await Promise.all(lists.map((list) => redis.llen(list)));
  return lengths.reduce((sum, length) => sum + length, 0);
}
