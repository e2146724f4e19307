import type { RedisScript } from '../../redis/index.js';
import { KEEP_FINISHED, PRELUDE } from '../format/script-prelude.js';
import { TASK_LIMIT_KEYS } from '../format/task-limits.js';

/**
 * Removes up to ARGV[2] jobs of one kind, oldest first: 'waiting' (w, z, park, j, h), 'finished' (done, r) or 'dead' (x, d).
 * Answers how many; 0 when none is left.
 */
export const PURGE: RedisScript = {
  name: 'kernelJobsPurge',
  keys: 1,
  lua: `${PRELUDE}${KEEP_FINISHED}${TASK_LIMIT_KEYS}
local kind, limit = ARGV[1], tonumber(ARGV[2])
local purged = 0
local function forget(ids, part)
  if #ids == 0 then return end
  local keys = {}
  for i = 1, #ids do keys[i] = base .. part .. ids[i] end
  redis.call('UNLINK', unpack(keys))
  purged = purged + #ids
end
local function forgetWaiting(entries)
  if not entries or #entries == 0 then return end
  local ids = {}
  for i = 1, #entries do ids[i] = idOf(entries[i]) end
  redis.call('HDEL', jobs, unpack(ids))
  forget(ids, ':h:')
end
if kind == 'finished' then
  purged = math.min(redis.call('LLEN', finished), limit)
  forgetFinished(purged)
elseif kind == 'dead' then
  forget(redis.call('ZRANGE', base .. ':x', 0, limit - 1), ':d:')
  redis.call('ZREMRANGEBYRANK', base .. ':x', 0, limit - 1)
else
  for _, letter in ipairs({'h', 'n', 'l'}) do
    if purged < limit then forgetWaiting(redis.call('LPOP', base .. ':w:' .. letter, limit - purged)) end
  end
  for _, task in ipairs(redis.call('SMEMBERS', parked)) do
    for _, letter in ipairs({'h', 'n', 'l'}) do
      if purged < limit then forgetWaiting(redis.call('LPOP', park(letter, task), limit - purged)) end
    end
  end
  local left = limit - purged
  if left > 0 then
    forgetWaiting(redis.call('ZRANGE', base .. ':z', 0, left - 1))
    redis.call('ZREMRANGEBYRANK', base .. ':z', 0, left - 1)
  end
end
return purged`,
};
