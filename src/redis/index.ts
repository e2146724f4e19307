export { getRedis, getSyncRedis, isRedisFake, redisService } from './accessors.js';
export { type ConnectRedisOptions, connectRedis } from './connect-redis.js';
export type { RedisClient } from './redis-client.js';
export { RedisConnection } from './redis-connection.js';
export { type RedisScript, runScript } from './redis-script.js';
export { redactRedisUrl } from './redis-url.js';
export { ScoreRenewer } from './score-renewer.js';
export { findServerFaults } from './server-checks.js';
