import type { RedisScript } from '../../redis/index.js';
import { HAS_ENDED, KEEP_FINISHED, PRELUDE } from '../format/script-prelude.js';

/**
 * Makes or changes a schedule. One that is there already, word for word, keeps its next time, so that a start of the
 * service neither forgets a time that was missed nor puts one off. Keys: cron, ticks. Arguments: id, text, next time.
 * Answers [its next time, 1 if it was there already].
 */
export const PUT_SCHEDULE: RedisScript = {
  name: 'kernelJobsPutSchedule',
  keys: 1,
  lua: `${PRELUDE}
local id = ARGV[1]
if redis.call('HGET', base .. ':cron', id) == ARGV[2] then
  local tick = redis.call('ZSCORE', base .. ':ticks', id)
  if tick then return {text(tonumber(tick)), 1} end
end
redis.call('HSET', base .. ':cron', id, ARGV[2])
redis.call('ZADD', base .. ':ticks', ARGV[3], id)
return {ARGV[3], 0}`,
};

/** Ends a schedule; the job it started last runs all the same. Keys: cron, ticks. Argument: id. Answers 1 if it was there. */
export const DROP_SCHEDULE: RedisScript = {
  name: 'kernelJobsDropSchedule',
  keys: 1,
  lua: `${PRELUDE}
redis.call('ZREM', base .. ':ticks', ARGV[1])
return redis.call('HDEL', base .. ':cron', ARGV[1])`,
};

/** Schedules whose time has come. Keys: cron, ticks. Answers [now, next time of all or '', id, text, time, …]. */
export const DUE_SCHEDULES: RedisScript = {
  name: 'kernelJobsDueSchedules',
  keys: 1,
  lua: `${PRELUDE}
local first = redis.call('ZRANGE', base .. ':ticks', 0, 0, 'WITHSCORES')
if #first == 0 then return {text(now), ''} end
local found = {text(now), text(tonumber(first[2]))}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', base .. ':ticks', '-inf', text(now), 'LIMIT', 0, 100)) do
  local schedule = redis.call('HGET', base .. ':cron', id)
  if type(schedule) == 'string' then
    found[#found + 1] = id
    found[#found + 1] = schedule
    found[#found + 1] = text(tonumber(redis.call('ZSCORE', base .. ':ticks', id)))
  else
    redis.call('ZREM', base .. ':ticks', id)
  end
end
return list(found)`,
};

/**
 * Moves a schedule from one time to the next and starts the job of the first, if nobody else did: however many workers
 * ask, one of them finds the time unchanged. Keys: cron, ticks, j, r:<id>, d:<id>, w:<priority>.
 * Arguments: schedule, its text, its time, the next time or '', job id, envelope or '' to start none, entry.
 * Answers 1 when this call started the job.
 */
export const FIRE_SCHEDULE: RedisScript = {
  name: 'kernelJobsFireSchedule',
  keys: 1,
  lua: `${PRELUDE}${KEEP_FINISHED}${HAS_ENDED}
local schedule, id, envelope, entry = ARGV[1], ARGV[5], ARGV[6], ARGV[7]
local tick = redis.call('ZSCORE', base .. ':ticks', schedule)
if not tick or tonumber(tick) ~= tonumber(ARGV[3]) then return 0 end
if redis.call('HGET', base .. ':cron', schedule) ~= ARGV[2] then return 0 end
if ARGV[4] == '' then
  redis.call('ZREM', base .. ':ticks', schedule)
  redis.call('HDEL', base .. ':cron', schedule)
else
  redis.call('ZADD', base .. ':ticks', ARGV[4], schedule)
end
if envelope == '' then return 0 end
if hasEnded(id) then return 0 end
if redis.call('HSETNX', jobs, id, stamp .. envelope) == 0 then return 0 end
redis.call('RPUSH', waiting(entry), entry)
wake()
return 1`,
};
