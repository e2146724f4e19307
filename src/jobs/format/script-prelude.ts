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
local stamp = text(now)
local jobs, records, finished = base .. ':j', base .. ':r', base .. ':done'
local function live(id) return base .. ':h:' .. id end
local function letterOf(entry) return string.lower(string.sub(entry, 1, 1)) end
local function waiting(entry) return base .. ':w:' .. letterOf(entry) end
local function firstEntry(letter, id) return string.upper(letter) .. id end
local function partsOf(entry)
  local letter, run, crashes, id = string.match(entry, '^(%l)(%d+)%.(%d+)%.(.*)$')
  if letter then return letter, tonumber(run), tonumber(crashes), id end
  return letterOf(entry), 1, 0, string.sub(entry, 2)
end
local function idOf(entry)
  if string.byte(entry) < 97 then return string.sub(entry, 2) end -- a capital: a first entry
  return string.match(entry, '^%l%d+%.%d+%.(.*)$')
end
local function wake() redis.call('PUBLISH', base .. ':wake', '') end
local function list(items) return {unpack(items)} end
local events, isHeard = {}, nil
local function announce(event, id)
  if isHeard == nil then
    local untilMs = redis.call('HGET', base .. ':f', 'listen')
    isHeard = type(untilMs) == 'string' and tonumber(untilMs) > now
  end
  if isHeard then events[#events + 1] = event .. ' ' .. id end
end
local function publish()
  if #events > 0 then redis.call('PUBLISH', base .. ':events', table.concat(events, '\\n')) end
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
 * Records of jobs that succeeded or were cancelled: in one hash by id, and listed, oldest first, as `<end of their time,
 * 13 digits>:<id>`. One HSET and one RPUSH then keep what a whole step ended; with a key and a member of a sorted set for
 * each, and an LREM for each claim, Redis spent 13.7 µs on a job instead of 6.9. Both are bounded in number and time, and go as a whole with
 * the last one's time where nobody is left to look.
 * `dropExpired()`; `keepFinished(ids, texts, ttl, cap)`, where `ids` may be changed.
 */
export const KEEP_FINISHED = `
local function forgetFinished(amount)
  if amount <= 0 then return end
  local old = redis.call('LPOP', finished, amount)
  for i = 1, #old do old[i] = string.sub(old[i], 15) end
  redis.call('HDEL', records, unpack(old))
end
local function isOver(line) return tonumber(string.sub(line, 1, 13)) <= now end
local function dropExpired()
  local first = redis.call('LINDEX', finished, 0)
  if type(first) ~= 'string' or not isOver(first) then return end
  local lines, over = redis.call('LRANGE', finished, 0, 999), 0
  while over < #lines and isOver(lines[over + 1]) do over = over + 1 end
  forgetFinished(over)
end
local function keepFinished(ids, texts, ttl, cap)
  if #ids == 0 then return end
  local fields, ends = {}, text(now + ttl) .. ':'
  for i = 1, #ids do
    fields[2 * i - 1], fields[2 * i] = ids[i], texts[i]
    ids[i] = ends .. ids[i]
  end
  redis.call('HSET', records, unpack(fields))
  forgetFinished(math.min(redis.call('RPUSH', finished, unpack(ids)) - cap, 1000))
  dropExpired()
  if redis.call('PTTL', records) < ttl then
    redis.call('PEXPIRE', records, text(ttl))
    redis.call('PEXPIRE', finished, text(ttl))
  end
end
`;

/** Lists dead letters, whose records are written, by time, and bounds them in age and number. */
const KEEP_DEAD = `
local function keepDead(id, ttl, cap)
  local index = base .. ':x'
  redis.call('ZADD', index, stamp, id)
  redis.call('ZREMRANGEBYSCORE', index, '-inf', text(now - ttl))
  local over = math.min(redis.call('ZCARD', index) - cap, 1000)
  if over <= 0 then return end
  local old = redis.call('ZRANGE', index, 0, over - 1)
  redis.call('ZREMRANGEBYRANK', index, 0, over - 1)
  for i = 1, #old do old[i] = base .. ':d:' .. old[i] end
  redis.call('UNLINK', unpack(old))
end
`;

/** Whether a job of this id has ended and is still known: `hasEnded(id)`. Needs KEEP_FINISHED. */
export const HAS_ENDED = `
local anyFinished, anyDead = nil, nil
local function hasEnded(id)
  if anyFinished == nil then
    dropExpired()
    anyFinished, anyDead = redis.call('EXISTS', records) == 1, redis.call('EXISTS', base .. ':x') == 1
  end
  if anyFinished and redis.call('HEXISTS', records, id) == 1 then return true end
  return anyDead and redis.call('EXISTS', base .. ':d:' .. id) == 1
end
`;

/** Cancels a job that is not running: its record replaces it. Needs KEEP_FINISHED. */
export const DROP_CANCELLED = `
local function dropCancelled(id, envelope, ttl, cap)
  redis.call('HDEL', jobs, id)
  redis.call('UNLINK', live(id))
  redis.call('ZREM', base .. ':c', id)
  if ttl > 0 then
    keepFinished({id}, {'{"status":"cancelled","completedAt":' .. stamp .. '}\\n' .. envelope}, ttl, cap)
  end
  count('cancelled', 1)
  announce('cancelled', id)
end
`;

/** Buries a job: its record replaces it among the dead letters. */
export const BURY = `${KEEP_DEAD}
local function bury(id, record, ttl, cap)
  redis.call('SET', base .. ':d:' .. id, record, 'PX', text(ttl))
  redis.call('HDEL', jobs, id)
  redis.call('UNLINK', live(id))
  keepDead(id, ttl, cap)
  count('failed', 1)
  announce('failed', id)
end
`;
