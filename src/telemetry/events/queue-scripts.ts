import type { RedisScript } from '../../redis/index.js';

/**
 * One channel of events. KEYS[1] is the list of those that wait, oldest first; every other key is derived from it and
 * shares its hash tag:
 *   :b:<batch>  list: the events of a batch that a drain has taken
 *   :l          sorted set: batches by the time at which they may be taken again, Unix ms by the server's clock
 *   :t          hash: `<batch>:c` how often it was taken and not heard of again, `<batch>:f` how often it failed
 *   :d :r :x    dead letters: hash id → event, hash id → why, sorted set id by the time of its death
 *
 * Spelled 1000.0 and %.0f because the in-memory engine wraps whole numbers at 32 bits. `list` is for answers: it knows
 * an array only by the order in which a literal fills it.
 */
const PRELUDE = `
local base = KEYS[1]
local function text(number) return string.format('%.0f', number) end
local function list(items) return {unpack(items)} end
local function serverMs()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000.0 + math.floor(tonumber(time[2]) / 1000)
end
local function forget(batch)
  redis.call('UNLINK', base .. ':b:' .. batch)
  redis.call('ZREM', base .. ':l', batch)
  redis.call('HDEL', base .. ':t', batch .. ':c', batch .. ':f')
end
`;

/** ARGV: most that may wait, then the events. Answers how many wait, or -1 where these would be too many. */
export const PUSH: RedisScript = {
  name: 'kernelEventsPush',
  keys: 1,
  lua: `
if redis.call('LLEN', KEYS[1]) + #ARGV - 1 > tonumber(ARGV[1]) then return -1 end
return redis.call('RPUSH', KEYS[1], unpack(ARGV, 2))
`,
};

/**
 * Lends a batch: one whose time has come, else the oldest events that wait. A full server refuses a script at its first
 * write that takes memory and then no more, so this one begins with a write that takes none: what is full can be drained.
 * ARGV: id for a new batch, its most events, lease in ms. Answers {batch, times taken, failures, events…}, {} for none.
 */
export const TAKE: RedisScript = {
  name: 'kernelEventsTake',
  keys: 1,
  lua: `${PRELUDE}
redis.call('UNLINK', base .. ':nothing')
local now = serverMs()
local batch = redis.call('ZRANGEBYSCORE', base .. ':l', '-inf', text(now), 'LIMIT', 0, 1)[1]
local events
if type(batch) == 'string' then
  events = redis.call('LRANGE', base .. ':b:' .. batch, 0, -1)
else
  batch = ARGV[1]
  events = redis.call('LRANGE', base, 0, tonumber(ARGV[2]) - 1)
  if #events == 0 then return {} end
  redis.call('RPUSH', base .. ':b:' .. batch, unpack(events))
  redis.call('LTRIM', base, #events, -1)
end
redis.call('ZADD', base .. ':l', text(now + tonumber(ARGV[3])), batch)
local taken = redis.call('HINCRBY', base .. ':t', batch .. ':c', 1)
local failures = redis.call('HGET', base .. ':t', batch .. ':f')
local answer = {batch, taken, type(failures) == 'string' and failures or '0'}
for i = 1, #events do answer[#answer + 1] = events[i] end
return list(answer)
`,
};

/** ARGV: batch, ms from now. The batch may be taken again then. */
export const RENEW: RedisScript = {
  name: 'kernelEventsRenew',
  keys: 1,
  lua: `${PRELUDE}
return redis.call('ZADD', base .. ':l', 'XX', text(serverMs() + tonumber(ARGV[2])), ARGV[1])
`,
};

/** ARGV: batch. It is done with. */
export const SETTLE: RedisScript = {
  name: 'kernelEventsSettle',
  keys: 1,
  lua: `${PRELUDE}
forget(ARGV[1])
return 1
`,
};

/** ARGV: batch, ms until it may be taken again, failures to count: 0 where the fault was not the batch's. */
export const RELEASE: RedisScript = {
  name: 'kernelEventsRelease',
  keys: 1,
  lua: `${PRELUDE}
if redis.call('EXISTS', base .. ':b:' .. ARGV[1]) == 0 then return 0 end
redis.call('HDEL', base .. ':t', ARGV[1] .. ':c')
redis.call('HINCRBY', base .. ':t', ARGV[1] .. ':f', tonumber(ARGV[3]))
redis.call('ZADD', base .. ':l', 'XX', text(serverMs() + tonumber(ARGV[2])), ARGV[1])
return 1
`,
};

/** ARGV: batch, ids for its halves, failures that both begin with. They may be taken at once. */
export const SPLIT: RedisScript = {
  name: 'kernelEventsSplit',
  keys: 1,
  lua: `${PRELUDE}
local events = redis.call('LRANGE', base .. ':b:' .. ARGV[1], 0, -1)
local middle = math.floor(#events / 2)
for i = 1, #events do
  redis.call('RPUSH', base .. ':b:' .. (i <= middle and ARGV[2] or ARGV[3]), events[i])
end
forget(ARGV[1])
for i = 2, 3 do
  if redis.call('EXISTS', base .. ':b:' .. ARGV[i]) == 1 then
    redis.call('ZADD', base .. ':l', text(serverMs()), ARGV[i])
    redis.call('HSET', base .. ':t', ARGV[i] .. ':f', ARGV[4])
  end
end
return 1
`,
};

/** ARGV: batch, event, id of the dead letter, why, most there may be. Answers 0 where there are too many already. */
export const BURY: RedisScript = {
  name: 'kernelEventsBury',
  keys: 1,
  lua: `${PRELUDE}
if redis.call('ZCARD', base .. ':x') >= tonumber(ARGV[5]) then return 0 end
redis.call('HSET', base .. ':d', ARGV[3], ARGV[2])
redis.call('HSET', base .. ':r', ARGV[3], ARGV[4])
redis.call('ZADD', base .. ':x', text(serverMs()), ARGV[3])
redis.call('LREM', base .. ':b:' .. ARGV[1], 1, ARGV[2])
if redis.call('LLEN', base .. ':b:' .. ARGV[1]) == 0 then forget(ARGV[1]) end
return 1
`,
};

/** ARGV: '1' to let them wait again, '0' to drop them; ids of dead letters. Answers how many there were. */
export const UNBURY: RedisScript = {
  name: 'kernelEventsUnbury',
  keys: 1,
  lua: `${PRELUDE}
local found = 0
for i = 2, #ARGV do
  local event = redis.call('HGET', base .. ':d', ARGV[i])
  if type(event) == 'string' then
    found = found + 1
    if ARGV[1] == '1' then redis.call('RPUSH', base, event) end
  end
  redis.call('HDEL', base .. ':d', ARGV[i])
  redis.call('HDEL', base .. ':r', ARGV[i])
  redis.call('ZREM', base .. ':x', ARGV[i])
end
return found
`,
};

/** Answers {waiting, in batches, dead, the oldest event that waits or is in one of the first batches, or ''}. */
export const MEASURE: RedisScript = {
  name: 'kernelEventsMeasure',
  keys: 1,
  lua: `${PRELUDE}
local oldest = redis.call('LINDEX', base, 0)
if type(oldest) ~= 'string' then oldest = '' end
local inBatches = 0
local batches = redis.call('ZRANGE', base .. ':l', 0, 99)
for i = 1, #batches do
  local key = base .. ':b:' .. batches[i]
  inBatches = inBatches + redis.call('LLEN', key)
  local event = redis.call('LINDEX', key, 0)
  if type(event) == 'string' and (oldest == '' or event < oldest) then oldest = event end
end
return {redis.call('LLEN', base), inBatches, redis.call('ZCARD', base .. ':x'), oldest}
`,
};
