import type { RedisScript } from '../../redis/index.js';
import { BURY, DROP_CANCELLED, KEEP_ENDED, PRELUDE, RUNS_WHEN_FULL } from '../format/script-prelude.js';
import { TASK_LIMIT_KEYS, UNPARK_ENTRIES } from '../format/task-limits.js';
import { LIMITS, PARKED_PER_STEP } from './limit-scripts.js';

/** Arguments before the first acknowledgement, and of each. */
const STEP_HEADER = 9;
const STEP_ACK_FIELDS = 7;

/**
 * One step of a worker in one round trip: it acknowledges finished jobs, then moves the next ones from the waiting
 * lists to this worker's own processing list. It renews the lease, and puts due delayed jobs in line.
 *
 * Keys: workers, p:<worker>, w:<priority>, z, c, f, s, done, x, j, and h, r, d of the jobs; of limited tasks parked, on,
 * rate and park.
 * Arguments: worker id, lease ms, jobs wanted, most claims it may hold, result ttl ms, results kept, dead ttl ms,
 * dead kept, limits; then per acknowledgement kind, claim, id, payload, ms, note, task if it is a limited one:
 *   succeeded | cancelled   payload = record
 *   failed                  payload = record; the job goes to the dead letters
 *   retry                   payload = next entry, due in ms; note = fault
 *   return                  payload = entry, back to the head of its list
 * An acknowledgement whose claim is not in this worker's list is stale and changes nothing. What it may hold bounds
 * what it gets however often it asks: answers get lost, and a server that was frozen serves every step it was sent.
 * Answers [stale claims, [claim, envelope, …], claims held, ms until the next delayed job or '', now,
 * 1 if the lease had been lost].
 */
export const STEP: RedisScript = {
  name: 'kernelJobsStep',
  keys: 1,
  lua: `${PRELUDE}${RUNS_WHEN_FULL}${KEEP_ENDED}${DROP_CANCELLED}${BURY}${TASK_LIMIT_KEYS}${UNPARK_ENTRIES}${LIMITS}
local worker, wanted = ARGV[1], tonumber(ARGV[3])
local mayHold = tonumber(ARGV[4])
local resultTtl, resultCap = tonumber(ARGV[5]), tonumber(ARGV[6])
local deadTtl, deadCap = tonumber(ARGV[7]), tonumber(ARGV[8])
readLimits(ARGV[9])
local held, delayed, flagged = base .. ':p:' .. worker, base .. ':z', base .. ':c'
local anyFlag = redis.call('EXISTS', flagged) == 1
local wasLost = redis.call('ZADD', base .. ':workers', text(now + tonumber(ARGV[2])), worker)

local stale, ended, changes, kept, totals = {}, {}, {}, {}, {}
local function finish(kind, id, record)
  ended[#ended + 1] = id
  changes[#changes + 1] = live(id)
  if resultTtl > 0 then
    redis.call('SET', base .. ':r:' .. id, record, 'PX', text(resultTtl))
    kept[#kept + 1] = id
  end
  totals[kind] = (totals[kind] or 0) + 1
  announce(kind, id)
end
local function again(id, entry, wait, fault)
  redis.call('HSET', live(id), 'entry', entry, 'error', fault)
  redis.call('ZADD', delayed, text(now + wait), entry)
  totals.retried = (totals.retried or 0) + 1
  announce('retrying', id)
end
for i = ${STEP_HEADER + 1}, #ARGV, ${STEP_ACK_FIELDS} do
  local kind, claim, id, payload = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  if redis.call('LREM', held, 1, claim) == 0 then
    stale[#stale + 1] = claim
  else
    leaveTask(ARGV[i + 6], id)
    if kind == 'retry' then
      again(id, payload, tonumber(ARGV[i + 4]), ARGV[i + 5])
    elseif kind == 'return' then
      redis.call('LPUSH', waiting(payload), payload)
      wake()
    else
      if kind == 'failed' then bury(id, payload, deadTtl, deadCap) else finish(kind, id, payload) end
      if anyFlag then redis.call('ZREM', flagged, id) end
    end
  end
end
if #ended > 0 then
  redis.call('HDEL', jobs, unpack(ended))
  redis.call('UNLINK', unpack(changes))
end
keepFinished(kept, resultTtl, resultCap)
for kind, amount in pairs(totals) do count(kind, amount) end
wanted = math.min(wanted, mayHold - redis.call('LLEN', held))

local due = redis.call('ZRANGEBYSCORE', delayed, '-inf', text(now), 'LIMIT', 0, 100)
if #due > 0 then
  redis.call('ZREM', delayed, unpack(due))
  for _, entry in ipairs(due) do
    if redis.call('RPUSH', waiting(entry), entry) == 1 and #due > wanted then wake() end
  end
end

local taken, claims = {}, {}
local function drop(id, envelope)
  if not anyFlag or type(redis.call('ZSCORE', flagged, id)) ~= 'string' then return false end
  dropCancelled(id, envelope, resultTtl, resultCap)
  return true
end
local function take(entries)
  local ids = {}
  for i = 1, #entries do ids[i] = idOf(entries[i]) end
  local envelopes = redis.call('HMGET', jobs, unpack(ids))
  for i = 1, #entries do
    local envelope = envelopes[i]
    if type(envelope) == 'string' and not drop(ids[i], envelope) and mayStart(ids[i], envelope, entries[i]) then
      local claim = text(now) .. ':' .. entries[i]
      claims[#claims + 1] = claim
      taken[#taken + 1] = claim
      taken[#taken + 1] = envelope
    end
  end
end
if wanted > 0 and redis.call('HEXISTS', base .. ':f', 'paused') == 0 then
  bringBack(wanted)
  for _, letter in ipairs({'h', 'n', 'l'}) do
    while #claims < wanted and moved < ${PARKED_PER_STEP} do
      local entries = redis.call('LPOP', base .. ':w:' .. letter, wanted - #claims)
      if not entries or #entries == 0 then break end
      take(entries)
    end
  end
  if #claims > 0 then redis.call('RPUSH', held, unpack(claims)) end
end
publish()

local nextDue = ''
if #claims < wanted then
  local first = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
  local due = #first > 0 and tonumber(first[2]) or openAt
  if due and openAt then due = math.min(due, openAt) end
  if moved >= ${PARKED_PER_STEP} then due = now end
  if due then nextDue = text(math.max(0, due - now)) end
end
return {list(stale), list(taken), redis.call('LLEN', held), nextDue, text(now), wasLost}`,
};
