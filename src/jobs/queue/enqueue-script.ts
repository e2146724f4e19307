import type { RedisScript } from '../../redis/index.js';
import { PRELUDE } from '../format/script-prelude.js';

/** How many arguments one job takes. */
const ENQUEUE_FIELDS = 4;

/** How long a job that came out of a transaction is remembered, ms: that long it may be handed over once more. */
const COMMITTED_MS = 86_400_000;

/** One that came out of a transaction before is no new one, even if its record has gone. */
const UNSEEN = `and redis.call('SET', base .. ':o:' .. id, '', 'NX', 'PX', ${COMMITTED_MS})`;

/**
 * Takes jobs in, all or (for an id that is known) none of each.
 * Keys: j, r:<id>, d:<id>, w:<priority>, z. Arguments per job: id, envelope, first entry, due.
 * `due`: '' at once, '+ms' from now, or Unix ms.
 * Answers per job '' when taken, else 'exists'.
 *
 * An id may be known although nobody chose it: a client whose connection broke before the answer sends the script
 * again, and by then the job may have ended.
 *
 * Workers are woken only when a list was empty: where one is not, each idle worker was woken since it last looked.
 */
export const ENQUEUE: RedisScript = { name: 'kernelJobsEnqueue', keys: 1, lua: enqueueLua('') };

/** The same for jobs that came out of a transaction. Also o:<id>. */
export const ENQUEUE_COMMITTED: RedisScript = { name: 'kernelJobsEnqueueCommitted', keys: 1, lua: enqueueLua(UNSEEN) };

function enqueueLua(isNew: string): string {
  return `${PRELUDE}
local records = {}
for i = 1, #ARGV, ${ENQUEUE_FIELDS} do
  records[#records + 1] = base .. ':r:' .. ARGV[i]
  records[#records + 1] = base .. ':d:' .. ARGV[i]
end
local anyEnded = redis.call('EXISTS', unpack(records)) > 0
local function hasEnded(id)
  return anyEnded and redis.call('EXISTS', base .. ':r:' .. id, base .. ':d:' .. id) > 0
end
local function dueAt(due)
  if string.sub(due, 1, 1) == '+' then return now + tonumber(string.sub(due, 2)) end
  return tonumber(due)
end
local answers, ready, soonest = {}, {}, nil
for i = 1, #ARGV, ${ENQUEUE_FIELDS} do
  local id, envelope, entry, due = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local isNew = not hasEnded(id) ${isNew}
  if not isNew or redis.call('HSETNX', jobs, id, text(now) .. envelope) == 0 then
    answers[#answers + 1] = 'exists'
  else
    answers[#answers + 1] = ''
    local at = due ~= '' and dueAt(due) or now
    if at > now then
      redis.call('ZADD', base .. ':z', text(at), entry)
      if not soonest or at < soonest.at then soonest = { at = at, entry = entry } end
    else
      local line = waiting(entry)
      ready[line] = ready[line] or {}
      table.insert(ready[line], entry)
    end
  end
end
local wanted = soonest and redis.call('ZRANGE', base .. ':z', 0, 0)[1] == soonest.entry
for line, entries in pairs(ready) do
  if redis.call('RPUSH', line, unpack(entries)) == #entries then wanted = true end
end
if wanted then wake() end
return list(answers)`;
}
