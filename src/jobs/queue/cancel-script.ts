import type { RedisScript } from '../../redis/index.js';
import { DROP_CANCELLED, KEEP_FINISHED, PRELUDE } from '../format/script-prelude.js';
import { TASK_LIMIT_KEYS } from '../format/task-limits.js';
import { CLAIM_OF, ENTRY_OF } from './locate-script.js';

/**
 * Cancels one job. A waiting one ends here; a running one is marked (c) and its worker told, at once by Pub/Sub and
 * again with each heartbeat. Arguments: id, ms to keep its record, records to keep.
 * Answers 'cancelled', 'running' or 'unknown'.
 */
export const CANCEL: RedisScript = {
  name: 'kernelJobsCancel',
  keys: 1,
  lua: `${PRELUDE}${KEEP_FINISHED}${DROP_CANCELLED}${TASK_LIMIT_KEYS}${CLAIM_OF}${ENTRY_OF}
local id = ARGV[1]
local envelope = redis.call('HGET', jobs, id)
if type(envelope) ~= 'string' then return 'unknown' end
if claimOf(id) then
  redis.call('ZADD', base .. ':c', text(now), id)
  redis.call('PUBLISH', base .. ':cancel', id)
  return 'running'
end
local entry = entryOf(id, envelope)
if redis.call('ZREM', base .. ':z', entry) == 0 and redis.call('LREM', waiting(entry), 1, entry) == 0 then
  redis.call('LREM', park(letterOf(entry), taskOf(envelope) or ''), 1, entry)
end
dropCancelled(id, envelope, tonumber(ARGV[2]), tonumber(ARGV[3]))
publish()
return 'cancelled'`,
};
