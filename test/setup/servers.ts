export type { ChildServer } from '../../scripts/servers/index.mjs';
export { FAULT_REDIS, type FaultServer } from './fault-servers.js';
export { FILE_PREFIX, freshPrefix, REDIS_BACKENDS, redisUrl, removeKeys } from './redis-backends.js';
export { freshDatabase, SQL_BACKENDS } from './sql-backends.js';
