export { type ChildServer, startRedis } from '../../scripts/servers/index.mjs';
export { FAULT_REDIS } from './fault-servers.js';
export { freshPrefix, REDIS_BACKENDS, type RedisBackend, redisUrl, removeKeys } from './redis-backends.js';
export { freshDatabase, SQL_BACKENDS, type SqlBackend, type TestDatabase } from './sql-backends.js';
