import type { RedisScript } from '../../redis/index.js';
import { STAND_BY } from '../format/idle-workers.js';
import { BURY, DROP_CANCELLED, KEEP_FINISHED, PRELUDE, RUNS_WHEN_FULL } from '../format/script-prelude.js';
import { TASK_LIMIT_KEYS, UNPARK_ENTRIES } from '../format/task-limits.js';
import { LIMITS, PARKED_PER_STEP } from './limit-scripts.js';

/** Arguments before the first acknowledgement, and of each that is no plain success. */
const STEP_HEADER = 14;
const STEP_ACK_FIELDS = 6;

/**
 * `release(claims)` takes claims out of this worker's list; `isOurs(claim)` then says, once for each, whether it was there.
 * Jobs mostly end in the order in which they were claimed: then one LPOP takes them all out and comparing texts is enough.
 * Others that came along go back to where they were. With one HDEL for all and no LREM, no HINCRBY and no event text for
 * each, Redis spends 3.9 µs on a job of which nothing is kept, where it was 6.4.
 */
const RELEASE = `
local isInOrder, released = false, {}
local function release(claims)
  if #claims == 0 then return end
  local first = redis.call('LPOP', held, #claims) or {}
  local same = 0
  while same < #first and first[same + 1] == claims[same + 1] do same = same + 1 end
  isInOrder = same == #claims
  if isInOrder then return end
  for i = 1, #claims do released[claims[i]] = false end
  local others = {}
  for i = #first, 1, -1 do
    if released[first[i]] == false then released[first[i]] = true else others[#others + 1] = first[i] end
  end
  if #others > 0 then redis.call('LPUSH', held, unpack(others)) end
  for i = 1, #claims do
    if released[claims[i]] == false then released[claims[i]] = redis.call('LREM', held, 1, claims[i]) > 0 end
  end
end
local function isOurs(claim)
  if isInOrder then return true end
  local was = released[claim]
  released[claim] = nil
  return was
end
`;

/**
 * Jobs that were lost twice are suspects: one of them may be what kills its workers, and the others must not die with it once
 * more. A worker puts one in line at a time, and none while it holds one, also where all are due because nobody was there
 * for a while: `putOff(entry)` says by how many ms another one waits.
 */
const SUSPECTS = `
local apart, suspects = tonumber(ARGV[11]), nil
local function isSuspect(entry)
  if string.byte(entry) < 97 then return false end
  local _, _, crashes = partsOf(entry)
  return crashes > 1
end
local function putOff(entry)
  if not isSuspect(entry) then return nil end
  if not suspects then
    suspects = 0
    for _, claim in ipairs(redis.call('LRANGE', held, 0, -1)) do
      if isSuspect(string.sub(claim, 15)) then suspects = suspects + 1 end
    end
  end
  suspects = suspects + 1
  return suspects > 1 and (suspects - 1) * apart or nil
end
`;

/**
 * One step of a worker in one round trip: it acknowledges finished jobs, then moves the next ones from the waiting
 * lists to this worker's own processing list. It renews the lease, and puts due delayed jobs in line.
 *
 * Keys: workers, p:<worker>, w:<priority>, z, c, f, s, done, r, x, j, and h, d of the jobs; of limited tasks parked, on,
 * rate and park; idle.
 * Arguments: worker id, lease ms, jobs wanted, most claims it may hold, result ttl ms, results kept, dead ttl ms,
 * dead kept, limits, number of plain successes, ms between suspects, number
 * of the offer to stand by or 0, 1 if it may stand by from before, tasks it offers; the claims of these; if results are kept, their records; then per other
 * acknowledgement kind, claim, payload, ms, note, task if it is a limited one:
 *   succeeded | cancelled   payload = record
 *   failed                  payload = record; the job goes to the dead letters
 *   retry                   payload = next entry, due in ms; note = fault
 *   return                  payload = entry, back to the head of its list
 * A plain success leaves nothing but its record: it was the job's first run, showed nothing, and its task has no limit.
 * An acknowledgement whose claim is not in this worker's list is stale and changes nothing. What it may hold bounds
 * what it gets however often it asks: answers get lost, and a server that was frozen serves every step it was sent.
 * Answers [stale claims, [claim, envelope, …], claims held, ms until the next delayed job or '', now,
 * 1 if the lease had been lost].
 */
export const STEP: RedisScript = {
  name: 'kernelJobsStep',
  keys: 1,
  lua: `${PRELUDE}${RUNS_WHEN_FULL}${KEEP_FINISHED}${DROP_CANCELLED}${BURY}${TASK_LIMIT_KEYS}${UNPARK_ENTRIES}${LIMITS}${STAND_BY}
local worker, wanted = ARGV[1], tonumber(ARGV[3])
local mayHold = tonumber(ARGV[4])
local resultTtl, resultCap = tonumber(ARGV[5]), tonumber(ARGV[6])
local deadTtl, deadCap = tonumber(ARGV[7]), tonumber(ARGV[8])
readLimits(ARGV[9])
local plain = tonumber(ARGV[10])
local others = ${STEP_HEADER} + (resultTtl > 0 and 2 * plain or plain)
local held, delayed, flagged = base .. ':p:' .. worker, base .. ':z', base .. ':c'
local anyFlag = redis.call('EXISTS', flagged) == 1
if ARGV[13] == '1' then standDown(worker) end
local wasLost = redis.call('ZADD', base .. ':workers', text(now + tonumber(ARGV[2])), worker)
${RELEASE}${SUSPECTS}
local stale, ended, changes, unflagged, kept, texts, totals = {}, {}, {}, {}, {}, {}, {}
local function finish(kind, id, record)
  ended[#ended + 1] = id
  if anyFlag then unflagged[#unflagged + 1] = id end
  if resultTtl > 0 then kept[#kept + 1], texts[#texts + 1] = id, record end
  totals[kind] = (totals[kind] or 0) + 1
  if isHeard ~= false then announce(kind, id) end
end
local function again(id, entry, wait, fault)
  redis.call('HSET', live(id), 'entry', entry, 'error', fault)
  redis.call('ZADD', delayed, text(now + wait), entry)
  totals.retried = (totals.retried or 0) + 1
  announce('retrying', id)
end
local function giveBack(id, entry)
  if entry == firstEntry(letterOf(entry), id) then redis.call('UNLINK', live(id)) end -- what a run showed that does not count
  redis.call('LPUSH', waiting(entry), entry)
  wake()
end
local acknowledged = {}
for i = 1, plain do acknowledged[i] = ARGV[${STEP_HEADER} + i] end
for i = others + 1, #ARGV, ${STEP_ACK_FIELDS} do acknowledged[#acknowledged + 1] = ARGV[i + 1] end
release(acknowledged)
for i = 1, plain do
  local claim = acknowledged[i]
  if isInOrder or isOurs(claim) then
    finish('succeeded', string.sub(claim, 16), ARGV[${STEP_HEADER} + plain + i])
  else
    stale[#stale + 1] = claim
  end
end
for i = others + 1, #ARGV, ${STEP_ACK_FIELDS} do
  local kind, claim, payload = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local id = idOf(string.sub(claim, 15))
  if not isOurs(claim) then
    stale[#stale + 1] = claim
  else
    leaveTask(ARGV[i + 5], id)
    if kind == 'retry' then
      again(id, payload, tonumber(ARGV[i + 3]), ARGV[i + 4])
    elseif kind == 'return' then
      giveBack(id, payload)
    elseif kind == 'failed' then
      bury(id, payload, deadTtl, deadCap)
      if anyFlag then unflagged[#unflagged + 1] = id end
    else
      finish(kind, id, payload)
      changes[#changes + 1] = live(id)
    end
  end
end
if #ended > 0 then redis.call('HDEL', jobs, unpack(ended)) end
if #changes > 0 then redis.call('UNLINK', unpack(changes)) end
if #unflagged > 0 then redis.call('ZREM', flagged, unpack(unflagged)) end
keepFinished(kept, texts, resultTtl, resultCap)
for kind, amount in pairs(totals) do count(kind, amount) end
local holds = redis.call('LLEN', held)
wanted = math.min(wanted, mayHold - holds)

local due = redis.call('ZRANGEBYSCORE', delayed, '-inf', stamp, 'LIMIT', 0, 100)
if #due > 0 then
  redis.call('ZREM', delayed, unpack(due))
  for _, entry in ipairs(due) do
    local waitMs = putOff(entry)
    if waitMs then
      redis.call('ZADD', delayed, text(now + waitMs), entry)
    elseif redis.call('RPUSH', waiting(entry), entry) == 1 and #due > wanted then
      wake()
    end
  end
end

local taken, claims, prefix = {}, {}, stamp .. ':'
local function drop(id, envelope)
  if type(redis.call('ZSCORE', flagged, id)) ~= 'string' then return false end
  dropCancelled(id, envelope, resultTtl, resultCap)
  return true
end
local function take(entries)
  local ids = {}
  for i = 1, #entries do ids[i] = idOf(entries[i]) end
  local envelopes = redis.call('HMGET', jobs, unpack(ids))
  for i = 1, #entries do
    local entry, envelope = entries[i], envelopes[i]
    if type(envelope) == 'string' and not (anyFlag and drop(ids[i], envelope))
      and (not limits or mayStart(ids[i], envelope, entry)) then
      local claim = prefix .. entry
      claims[#claims + 1] = claim
      taken[#taken + 1] = claim
      taken[#taken + 1] = envelope
    end
  end
end
local isPaused = redis.call('HEXISTS', base .. ':f', 'paused') == 1
if wanted > 0 and not isPaused then
  bringBack(wanted)
  for _, letter in ipairs({'h', 'n', 'l'}) do
    while #claims < wanted and moved < ${PARKED_PER_STEP} do
      local entries = redis.call('LPOP', base .. ':w:' .. letter, wanted - #claims)
      if not entries or #entries == 0 then break end
      take(entries)
    end
  end
  if #claims > 0 then holds = redis.call('RPUSH', held, unpack(claims)) end
end
publish()
if ARGV[12] ~= '0' and holds == 0 and not isPaused and not limits
  and redis.call('ZCARD', base .. ':tasks') <= tonumber(ARGV[14]) then
  standBy(worker, ARGV[12]) -- one that did not know every task could be given what only others can run
end

local nextDue = ''
if #claims < wanted then
  local first = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
  local due = #first > 0 and tonumber(first[2]) or openAt
  if due and openAt then due = math.min(due, openAt) end
  if moved >= ${PARKED_PER_STEP} then due = now end
  if due then nextDue = text(math.max(0, due - now)) end
end
return {list(stale), list(taken), holds, nextDue, stamp, wasLost}`,
};
