import { pairedInTurn } from '../setup/paired-in-turn.js';
import { FAULT_REDIS } from '../setup/servers.js';
import { describeRedisAway, REDIS_FAULTS, SHARED_SQL } from './setup/redis-away.js';

/** Each takes its outage's time, so that every fault is on one database here: killed on SQLite, hung on PostgreSQL, … */
for (const server of FAULT_REDIS)
  for (const [fault, sql] of pairedInTurn(REDIS_FAULTS, SHARED_SQL)) describeRedisAway(server, sql, fault);
