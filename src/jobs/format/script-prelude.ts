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
local jobs = base .. ':j'
local function live(id) return base .. ':h:' .. id end
local function letterOf(entry) return string.lower(string.sub(entry, 1, 1)) end
local function waiting(entry) return base .. ':w:' .. letterOf(entry) end
local function firstEntry(letter, id) return string.upper(letter) .. id end
local function partsOf(entry)
  local letter, run, crashes, id = string.match(entry, '^(%l)(%d+)%.(%d+)%.(.*)$')
  if letter then return letter, tonumber(run), tonumber(crashes), id end
  return letterOf(entry), 1, 0, string.sub(entry, 2)
end
local function idOf(entry) return string.match(entry, '^%l%d+%.%d+%.(.*)$') or string.sub(entry, 2) end
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

/**
 * Lists ended jobs, whose records are written, in an index by time, and keeps index and records bounded in age and
 * number: `keepFinished` those that succeeded or were cancelled, `keepDead` the dead letters.
 */
export const KEEP_ENDED = `
local function keepEnded(index, part, ids, ttl, cap)
  if #ids == 0 then return end
  local members = {}
  for i = 1, #ids do members[2 * i - 1], members[2 * i] = text(now), ids[i] end
  redis.call('ZADD', index, unpack(members))
  redis.call('ZREMRANGEBYSCORE', index, '-inf', text(now - ttl))
  local over = math.min(redis.call('ZCARD', index) - cap, 1000)
  if over <= 0 then return end
  local old = redis.call('ZRANGE', index, 0, over - 1)
  redis.call('ZREMRANGEBYRANK', index, 0, over - 1)
  for i = 1, #old do old[i] = base .. part .. old[i] end
  redis.call('UNLINK', unpack(old))
end
local function keepFinished(ids, ttl, cap) keepEnded(base .. ':done', ':r:', ids, ttl, cap) end
local function keepDead(ids, ttl, cap) keepEnded(base .. ':x', ':d:', ids, ttl, cap) end
`;

/** Cancels a job that is not running: its record replaces it. Needs KEEP_ENDED. */
export const DROP_CANCELLED = `
local function dropCancelled(id, envelope, ttl, cap)
  redis.call('HDEL', jobs, id)
  redis.call('UNLINK', live(id))
  redis.call('ZREM', base .. ':c', id)
  if ttl > 0 then
    local ending = '{"status":"cancelled","completedAt":' .. text(now) .. '}'
    redis.call('SET', base .. ':r:' .. id, ending .. '\\n' .. envelope, 'PX', text(ttl))
    keepFinished({id}, ttl, cap)
  end
  count('cancelled', 1)
  announce('cancelled', id)
end
`;

/** Buries a job: its record replaces it among the dead letters. Needs KEEP_ENDED. */
export const BURY = `
local function bury(id, record, ttl, cap)
  redis.call('SET', base .. ':d:' .. id, record, 'PX', text(ttl))
  redis.call('HDEL', jobs, id)
  redis.call('UNLINK', live(id))
  keepDead({id}, ttl, cap)
  count('failed', 1)
  announce('failed', id)
end
`;
