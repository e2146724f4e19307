/**
 * What every script of a queue begins with. KEYS[1] is the queue's base key `{…}`; all others are derived from it
 * and share its hash tag. Times are the server's, in ms.
 *
 * `announce` collects events and `publish` sends them as one message, if somebody listens.
 * `list` is for answers: the in-memory Redis knows an array only by the order in which a literal fills it.
 */
export const PRELUDE = `
local base = KEYS[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local function text(number) return string.format('%.0f', number) end
local function job(id) return base .. ':j:' .. id end
local function live(id) return base .. ':h:' .. id end
local function waiting(entry) return base .. ':w:' .. string.sub(entry, 1, 1) end
local function idOf(entry) return string.match(entry, '^%a%d+%.%d+%.(.*)$') end
local function wake() redis.call('PUBLISH', base .. ':wake', '') end
local function list(items) return {unpack(items)} end
local events = {}
local function announce(event, id) events[#events + 1] = event .. ' ' .. id end
local function publish()
  if #events == 0 then return end
  local untilMs = redis.call('HGET', base .. ':f', 'listen')
  if type(untilMs) == 'string' and tonumber(untilMs) > now then
    redis.call('PUBLISH', base .. ':events', table.concat(events, '\\n'))
  end
end
local function count(name, amount) redis.call('HINCRBY', base .. ':s', name, amount) end
`;

/**
 * A full server refuses a script at its first write that takes memory, and then no more; beginning with one that
 * takes none lets workers finish jobs, and so free memory, on a server that is full.
 */
export const RUNS_WHEN_FULL = `
redis.call('UNLINK', base .. ':nothing')
`;

/** Keeps the records of finished jobs bounded: `keepFinished(ids, cap)` after their records are written. */
export const KEEP_FINISHED = `
local function keepFinished(ids, cap)
  if #ids == 0 then return end
  local over = redis.call('LPUSH', base .. ':done', unpack(ids)) - cap
  if over <= 0 then return end
  local old = redis.call('RPOP', base .. ':done', math.min(over, 1000))
  for i = 1, #old do old[i] = base .. ':r:' .. old[i] end
  redis.call('UNLINK', unpack(old))
end
`;

/** Cancels a job that is not running: its record replaces it. Needs KEEP_FINISHED. */
export const DROP_CANCELLED = `
local function dropCancelled(id, envelope, ttl, cap)
  redis.call('UNLINK', job(id), live(id))
  redis.call('ZREM', base .. ':c', id)
  if ttl > 0 then
    local ending = '{"status":"cancelled","completedAt":' .. text(now) .. '}'
    redis.call('SET', base .. ':r:' .. id, ending .. '\\n' .. envelope, 'PX', text(ttl))
    keepFinished({id}, cap)
  end
  count('cancelled', 1)
  announce('cancelled', id)
end
`;

/** Buries a job: its record replaces it among the dead letters, which stay bounded in number and age. */
export const BURY = `
local function bury(id, record, ttl, cap)
  local graves = base .. ':x'
  redis.call('SET', base .. ':d:' .. id, record, 'PX', text(ttl))
  redis.call('ZADD', graves, text(now), id)
  redis.call('UNLINK', job(id), live(id))
  redis.call('ZREMRANGEBYSCORE', graves, '-inf', text(now - ttl))
  local over = redis.call('ZCARD', graves) - cap
  if over > 0 then
    over = math.min(over, 1000)
    local old = redis.call('ZRANGE', graves, 0, over - 1)
    redis.call('ZREMRANGEBYRANK', graves, 0, over - 1)
    for i = 1, #old do old[i] = base .. ':d:' .. old[i] end
    redis.call('UNLINK', unpack(old))
  end
  count('failed', 1)
  announce('failed', id)
end
`;
