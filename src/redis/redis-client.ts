import type { Redis } from 'ioredis';

/** An ioredis client, or the in-memory one that answers like it. */
export type RedisClient = Redis;
