import type { RedisScript } from '../../redis/index.js';
import { STAND_BY } from '../format/idle-workers.js';
import { BURY, DROP_CANCELLED, KEEP_FINISHED, PRELUDE, RUNS_WHEN_FULL } from '../format/script-prelude.js';
import { TASK_LIMIT_KEYS } from '../format/task-limits.js';

/** A mark to cancel that nobody acted upon for a day belongs to a job that is long gone. */
const FLAG_LIFE_MS = 86_400_000;

/**
 * Renews a worker's lease. Keys: workers, c. Arguments: worker id, lease ms.
 * Answers [1 if the lease was still held, ids of running jobs to cancel].
 */
export const HEARTBEAT: RedisScript = {
  name: 'kernelJobsHeartbeat',
  keys: 1,
  lua: `${PRELUDE}${RUNS_WHEN_FULL}
local wasHeld = redis.call('ZADD', base .. ':workers', text(now + tonumber(ARGV[2])), ARGV[1]) == 0
redis.call('ZREMRANGEBYSCORE', base .. ':c', '-inf', text(now - ${FLAG_LIFE_MS}))
return {wasHeld and 1 or 0, redis.call('ZRANGE', base .. ':c', 0, -1)}`,
};

/** A clock that is further off than half a lease, after the time of one look, has jumped (or the machine slept). */
const IS_JUMP = `
local function isJump(expected, lease) return expected and math.abs(now - expected) > lease / 2 end
`;

/** Takes a worker that holds nothing off the list. Keys: workers, p:<worker>, idle. Argument: worker id. */
export const LEAVE: RedisScript = {
  name: 'kernelJobsLeave',
  keys: 1,
  lua: `${PRELUDE}${STAND_BY}
standDown(ARGV[1])
if redis.call('LLEN', base .. ':p:' .. ARGV[1]) > 0 then return 0 end
return redis.call('ZREM', base .. ':workers', ARGV[1])`,
};

/**
 * Gives the jobs of dead workers back: to the head of their list, in the order they had. From its second crash on a
 * job waits a little, each of a worker's jobs longer than the one before, so that the one that kills its workers is
 * soon alone and the others pass. After the crashes allowed it goes to the dead letters.
 *
 * Keys: workers, p:<worker>, w:<priority>, z, c, s, x, done, r, j, on:<task>, idle, and h, d of the jobs.
 * Whoever asks renews its own lease first; if that had run out, it was asleep, as others may have been (a suspended
 * machine): it then judges nobody. If the server's clock is not where the asker expects it, it has jumped, and every
 * lease begins anew.
 * Arguments: worker id, lease ms, crashes allowed, ms between suspects, fault as JSON, result ttl ms, results kept,
 * dead ttl ms, dead kept, the time that the asker expects or ''.
 * Answers [now, workers found dead, ids given back, ids buried], each by lines, or [now] when it judged nobody.
 */
export const REAP: RedisScript = {
  name: 'kernelJobsReap',
  keys: 1,
  lua: `${PRELUDE}${RUNS_WHEN_FULL}${KEEP_FINISHED}${DROP_CANCELLED}${BURY}${IS_JUMP}${TASK_LIMIT_KEYS}${STAND_BY}
local lease = tonumber(ARGV[2])
dropExpired()
local allowed, apart, fault = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local own = redis.call('ZSCORE', base .. ':workers', ARGV[1])
redis.call('ZADD', base .. ':workers', text(now + lease), ARGV[1])
if isJump(tonumber(ARGV[10]), lease) then
  for _, worker in ipairs(redis.call('ZRANGE', base .. ':workers', 0, -1)) do
    redis.call('ZADD', base .. ':workers', text(now + lease), worker)
  end
  return {text(now)}
end
if type(own) ~= 'string' or tonumber(own) < now then return {text(now)} end
local back, buried = {}, {}
local function giveBack(position, claim)
  local letter, run, crashes, id = partsOf(string.match(claim, '^%d+:(.*)$'))
  local envelope = redis.call('HGET', jobs, id)
  if type(envelope) ~= 'string' then return end
  local task = taskOf(envelope)
  if task then redis.call('SREM', on(task), id) end
  crashes = crashes + 1
  if type(redis.call('ZSCORE', base .. ':c', id)) == 'string' then
    return dropCancelled(id, envelope, tonumber(ARGV[6]), tonumber(ARGV[7]))
  end
  if crashes >= allowed then
    local ending = '{"status":"failed","completedAt":' .. text(now) .. ',"attempts":' .. text(run)
      .. ',"crashes":' .. text(crashes) .. ',"error":' .. fault .. '}'
    bury(id, ending .. '\\n' .. envelope, tonumber(ARGV[8]), tonumber(ARGV[9]))
    buried[#buried + 1] = id
    return
  end
  local entry = letter .. text(run + 1) .. '.' .. text(crashes) .. '.' .. id
  redis.call('HSET', live(id), 'entry', entry)
  if crashes > 1 then
    redis.call('ZADD', base .. ':z', text(now + (position - 1) * apart), entry)
  else
    redis.call('LPUSH', waiting(entry), entry)
  end
  back[#back + 1] = id
  count('recovered', 1)
  announce('recovered', id)
end
local dead = redis.call('ZRANGEBYSCORE', base .. ':workers', '-inf', text(now), 'LIMIT', 0, 10)
for _, worker in ipairs(dead) do
  local held = base .. ':p:' .. worker
  local claims = redis.call('LRANGE', held, 0, -1)
  for i = #claims, 1, -1 do giveBack(i, claims[i]) end
  redis.call('UNLINK', held)
  standDown(worker)
  redis.call('ZREM', base .. ':workers', worker)
end
if #back > 0 then wake() end
publish()
return {text(now), table.concat(dead, '\\n'), table.concat(back, '\\n'), table.concat(buried, '\\n')}`,
};
