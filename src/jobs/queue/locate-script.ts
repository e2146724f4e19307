import type { RedisScript } from '../../redis/index.js';
import { KEEP_FINISHED, PRELUDE } from '../format/script-prelude.js';

/** Finds the claim of a running job among the live workers: `claimOf(id)`, nil when nobody runs it. */
export const CLAIM_OF = `
local function claimOf(id)
  for _, worker in ipairs(redis.call('ZRANGE', base .. ':workers', 0, -1)) do
    for _, claim in ipairs(redis.call('LRANGE', base .. ':p:' .. worker, 0, -1)) do
      if idOf(string.match(claim, '^%d+:(.*)$')) == id then return claim end
    end
  end
end
`;

/** The entry of a job that is not running: `entryOf(id, envelope)`. */
export const ENTRY_OF = `
local function entryOf(id, envelope)
  local entry = redis.call('HGET', live(id), 'entry')
  if type(entry) == 'string' then return entry end
  return firstEntry(string.sub(envelope, 14, 14), id)
end
`;

/**
 * All that is known of one job, at one moment. Argument: id.
 * Answers ['live', envelope, entry or claim, due or '', hash], ['ended', record] or [].
 */
export const LOCATE: RedisScript = {
  name: 'kernelJobsLocate',
  keys: 1,
  lua: `${PRELUDE}${KEEP_FINISHED}${CLAIM_OF}${ENTRY_OF}
local id = ARGV[1]
local envelope = redis.call('HGET', jobs, id)
if type(envelope) == 'string' then
  local changes = redis.call('HGETALL', live(id))
  local claim = claimOf(id)
  if claim then return {'live', envelope, claim, '', changes} end
  local entry = entryOf(id, envelope)
  local due = redis.call('ZSCORE', base .. ':z', entry)
  return {'live', envelope, entry, type(due) == 'string' and due or '', changes}
end
local record = redis.call('GET', base .. ':d:' .. id)
if type(record) ~= 'string' then
  dropExpired()
  record = redis.call('HGET', records, id)
end
if type(record) == 'string' then return {'ended', record} end
return {}`,
};
