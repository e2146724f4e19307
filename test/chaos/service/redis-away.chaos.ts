import { describeRedisAway, REDIS_FAULTS, SHARED_SQL } from '../../service/setup/redis-away.js';
import { FAULT_REDIS } from '../../setup/servers.js';

/** Every fault on every database; the ordinary suite has each of both once. */
for (const server of FAULT_REDIS)
  for (const sql of SHARED_SQL) for (const fault of REDIS_FAULTS) describeRedisAway(server, sql, fault);
