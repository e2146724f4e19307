import type { RedisScript } from '../../../redis/index.js';
import { TIME_DIGITS } from '../../format/envelope.js';
import { HAND_OVER } from '../../format/idle-workers.js';
import { HAS_ENDED, KEEP_FINISHED, PRELUDE } from '../../format/script-prelude.js';

/** How long a job that came out of a transaction is remembered, ms: that long it may be handed over once more. */
const COMMITTED_MS = 86_400_000;

/** One that came out of a transaction before is no new one, even if its record has gone. */
const UNSEEN = `and redis.call('SET', base .. ':o:' .. id, '', 'NX', 'PX', ${COMMITTED_MS})`;

/**
 * Takes jobs in, all or (for an id that is known) none of each.
 * Keys: j, r, x, d:<id>, w:<priority>, z, f, and those of workers that stand by. Arguments: number of jobs that are due at once; their ids; their envelopes; then
 * for each other job id, envelope, due as '+ms' from now or Unix ms.
 * Answers the numbers of the jobs whose id was known, from 1.
 *
 * An id may be known although nobody chose it: a client whose connection broke before the answer sends the script
 * again, and by then the job may have ended.
 *
 * What is due at once is looked up by one HMGET and taken in by one HSET and one RPUSH: 3.1 µs of Redis for a job of a
 * large batch, where an HSETNX for each took 4.9.
 * What no worker that stands by can be given goes in line. Workers are woken only when a list was empty: where one is not,
 * each idle worker was woken since it last looked.
 */
export const ENQUEUE: RedisScript = { name: 'kernelJobsEnqueue', keys: 1, lua: enqueueLua('') };

/** The same for jobs that came out of a transaction. Also o:<id>. */
export const ENQUEUE_COMMITTED: RedisScript = { name: 'kernelJobsEnqueueCommitted', keys: 1, lua: enqueueLua(UNSEEN) };

function enqueueLua(isNew: string): string {
  return `${PRELUDE}${KEEP_FINISHED}${HAS_ENDED}${HAND_OVER}
local ready, known, fields, lines, soonest = tonumber(ARGV[1]), {}, {}, {}, nil
local function mayTake(id) return not hasEnded(id) ${isNew} end
local present = ready > 0 and redis.call('HMGET', jobs, unpack(ARGV, 2, ready + 1))
local batch = {}
for i = 1, ready do
  local id, envelope = ARGV[1 + i], ARGV[1 + ready + i]
  if type(present[i]) == 'string' or batch[id] or not mayTake(id) then
    known[#known + 1] = i
  else
    batch[id] = true
    fields[#fields + 1] = id
    fields[#fields + 1] = stamp .. envelope
  end
end
if #fields > 0 then redis.call('HSET', jobs, unpack(fields)) end
for i = 1, #fields, 2 do
  local envelope = fields[i + 1]
  local letter = string.sub(envelope, ${TIME_DIGITS + 1}, ${TIME_DIGITS + 1})
  local line, entry = lines[letter], firstEntry(letter, fields[i])
  if line then
    line[#line + 1] = entry
  elseif not handOver(entry, envelope) then
    lines[letter] = {entry}
  end
end
local wanted = false
for letter, entries in pairs(lines) do
  if redis.call('RPUSH', base .. ':w:' .. letter, unpack(entries)) == #entries then wanted = true end
end

local function dueAt(due)
  if string.sub(due, 1, 1) == '+' then return now + tonumber(string.sub(due, 2)) end
  return tonumber(due)
end
for i = 2 + 2 * ready, #ARGV, 3 do
  local id, envelope, at = ARGV[i], ARGV[i + 1], dueAt(ARGV[i + 2])
  if not mayTake(id) or redis.call('HSETNX', jobs, id, stamp .. envelope) == 0 then
    known[#known + 1] = ready + (i - 2 - 2 * ready) / 3 + 1
  else
    local entry = firstEntry(string.sub(envelope, 1, 1), id)
    redis.call('ZADD', base .. ':z', text(at), entry)
    if not soonest or at < soonest.at then soonest = { at = at, entry = entry } end
  end
end
if soonest and redis.call('ZRANGE', base .. ':z', 0, 0)[1] == soonest.entry then wanted = true end
if wanted then wake() end
return list(known)`;
}
