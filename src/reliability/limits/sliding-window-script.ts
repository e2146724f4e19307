import type { RedisScript } from '../../redis/index.js';

/**
 * Sliding window logs, exact under concurrency: one sorted set per caller, one member per admitted call, scored with
 * the server's time in ms. Refused calls leave no trace, so that knocking does not prolong a ban.
 *
 * KEYS: the sorted set of each question. ARGV, four for each: limit, window in ms, a member that is unique to this call,
 * 1 to count it (0 to look). Questions about one key are answered in their order.
 * Answers one text, with four figures for each: admitted 0|1, calls in the window, ms until a call would be admitted, ms
 * until the window is empty.
 * Spelled 1000.0 and %.0f because the in-memory engine wraps whole numbers at 32 bits and prints large ones in exponents.
 */
export const SLIDING_WINDOWS: RedisScript = {
  name: 'kernelSlidingWindows',
  keys: 'any',
  lua: `
local function text(number) return string.format('%.0f', number) end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000.0 + math.floor(tonumber(time[2]) / 1000)

local function look(key, limit, window, member, counts)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', text(now - window))
  local calls = tonumber(redis.call('ZCARD', key))
  local function made(index)
    local entry = redis.call('ZRANGE', key, text(index), text(index), 'WITHSCORES')
    return tonumber(entry[2])
  end

  local newest = calls > 0 and made(calls - 1) or now
  if newest > now then
    -- The server's clock stepped back: calls from its future count as made now, which bounds the wait by one window.
    for _, later in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. text(now), '+inf')) do
      redis.call('ZADD', key, text(now), later)
    end
    newest = now
  end

  local admitted = calls < limit
  local wait = 0
  if not admitted then wait = limit < 1 and window or made(calls - limit) + window - now end
  if admitted and counts == '1' then
    redis.call('ZADD', key, text(now), member)
    redis.call('PEXPIRE', key, text(window))
    calls = calls + 1
    newest = now
  end
  local reset = calls > 0 and newest + window - now or 0
  return admitted and 1 or 0, calls, wait, reset
end

local answers = {}
for index, key in ipairs(KEYS) do
  local first = 4 * (index - 1)
  local limit, window = tonumber(ARGV[first + 1]), tonumber(ARGV[first + 2])
  local admitted, calls, wait, reset = look(key, limit, window, ARGV[first + 3], ARGV[first + 4])
  table.insert(answers, text(admitted) .. ' ' .. text(calls) .. ' ' .. text(wait) .. ' ' .. text(reset))
end
return table.concat(answers, ' ')
`,
};
