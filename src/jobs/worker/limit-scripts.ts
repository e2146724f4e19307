import type { RedisScript } from '../../redis/index.js';
import { PRELUDE } from '../format/script-prelude.js';
import { TASK_LIMIT_KEYS, UNPARK_ENTRIES } from '../format/task-limits.js';

/** Jobs that one step moves into or out of the parked ones, per task; more would hold up the server's other clients. */
const MOST_MOVED = 500;

/**
 * The part of a step that keeps tasks within their limits. Needs TASK_LIMIT_KEYS and UNPARK_ENTRIES.
 * `readLimits(text)`, then `leaveTask(task, id)` as runs end, `bringBack(wanted)` before claiming, and for each job to
 * claim `mayStart(id, envelope, entry)`, which parks it where it may not. `openAt` is when a rate next lets one start;
 * `moved` counts what was parked.
 */
export const LIMITS = `
local limits, openAt, moved = nil, nil, 0
local function rate(task) return base .. ':rate:' .. task end
local function readLimits(lines)
  for task, most, max, per in string.gmatch(lines, '(%S+) (%d+) (%d+) (%d+)') do
    limits = limits or {}
    limits[task] = { most = tonumber(most), max = tonumber(max), per = tonumber(per) }
  end
end
local function leaveTask(task, id) if task ~= '' then redis.call('SREM', on(task), id) end end
local function begun(task, limit)
  local times = rate(task)
  while true do
    local first = redis.call('LINDEX', times, 0)
    if type(first) ~= 'string' then return 0 end
    if tonumber(first) > now - limit.per then return redis.call('LLEN', times), tonumber(first) + limit.per end
    redis.call('LPOP', times)
  end
end
local function roomOf(task, limit)
  if limit.room then return limit.room end
  limit.room = ${MOST_MOVED}
  if limit.most > 0 then limit.room = limit.most - redis.call('SCARD', on(task)) end
  if limit.max > 0 then
    local count, opens = begun(task, limit)
    limit.opens = opens
    limit.room = math.min(limit.room, limit.max - count)
  end
  return limit.room
end
local function mayStart(id, envelope, entry)
  local task = limits and taskOf(envelope)
  local limit = task and limits[task]
  if not limit then return true end
  if roomOf(task, limit) <= 0 then
    redis.call('RPUSH', park(letterOf(entry), task), entry)
    redis.call('SADD', parked, task)
    moved = moved + 1
    if limit.opens then openAt = math.min(openAt or limit.opens, limit.opens) end
    return false
  end
  limit.room = limit.room - 1
  if limit.most > 0 then redis.call('SADD', on(task), id) end
  if limit.max > 0 then
    redis.call('RPUSH', rate(task), text(now))
    redis.call('PEXPIRE', rate(task), text(limit.per + 60000)) -- only so that it does not stay
  end
  return true
end
local function bringBack(wanted)
  if not limits or redis.call('EXISTS', parked) == 0 then return end
  for task, limit in pairs(limits) do
    if redis.call('SISMEMBER', parked, task) == 1 then
      local room = math.min(roomOf(task, limit), ${MOST_MOVED})
      if room <= 0 then
        if limit.opens then openAt = math.min(openAt or limit.opens, limit.opens) end
      elseif unpark(task, room) > wanted then
        wake()
      end
    end
  end
end
`;

/** After as many jobs that a step parked it ends, and the next one goes on. */
export const PARKED_PER_STEP = MOST_MOVED;

/**
 * Puts jobs back in line that were parked when their task had limits. Keys: parked, park:<priority>:<task>,
 * w:<priority>. Argument: task. Answers how many; 0 when none is left.
 */
export const UNPARK: RedisScript = {
  name: 'kernelJobsUnpark',
  keys: 1,
  lua: `${PRELUDE}${TASK_LIMIT_KEYS}${UNPARK_ENTRIES}
local back = unpark(ARGV[1], ${MOST_MOVED})
if back > 0 then wake() end
return back`,
};
