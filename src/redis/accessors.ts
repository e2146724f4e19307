import { ambientService, serviceKey } from '../base/services.js';
import type { RedisClient } from './redis-client.js';
import type { RedisConnection } from './redis-connection.js';

/** Where a kernel keeps its Redis connection. */
export const redisService = serviceKey<RedisConnection>('redis');

/** The shared client of the ambient kernel; `null` before it has started. */
export function getRedis(): RedisClient | null {
  return ambientService(redisService)?.client ?? null;
}

/** The jobs' own client of the ambient kernel; `null` before it has started. */
export function getSyncRedis(): RedisClient | null {
  return ambientService(redisService)?.jobs ?? null;
}

/** True when the ambient kernel's Redis lives in this process's memory; false before it has started. */
export function isRedisFake(): boolean {
  return ambientService(redisService)?.isFake ?? false;
}
