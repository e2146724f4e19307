import type { RedisScript } from '../redis/index.js';
import { PRELUDE } from './script-prelude.js';

/**
 * Removes up to ARGV[2] jobs of one kind, oldest first: 'waiting' (w, z, j, h), 'finished' (done, r) or 'dead' (x, d).
 * Answers how many it looked at; 0 when none is left.
 */
export const PURGE: RedisScript = {
  name: 'kernelJobsPurge',
  keys: 1,
  lua: `${PRELUDE}
local kind, limit = ARGV[1], tonumber(ARGV[2])
local doomed, purged = {}, 0
local function take(ids, ...)
  purged = purged + #ids
  for _, id in ipairs(ids) do
    for _, part in ipairs({...}) do doomed[#doomed + 1] = base .. part .. id end
  end
end
local function ids(entries)
  local found = {}
  for i = 1, #entries do found[i] = idOf(entries[i]) end
  return found
end
if kind == 'finished' then
  local oldest = redis.call('RPOP', base .. ':done', limit)
  if oldest then take(oldest, ':r:') end
elseif kind == 'dead' then
  take(redis.call('ZRANGE', base .. ':x', 0, limit - 1), ':d:')
  redis.call('ZREMRANGEBYRANK', base .. ':x', 0, limit - 1)
else
  for _, letter in ipairs({'h', 'n', 'l'}) do
    local entries = purged < limit and redis.call('LPOP', base .. ':w:' .. letter, limit - purged)
    if entries then take(ids(entries), ':j:', ':h:') end
  end
  if purged < limit then
    local last = limit - purged - 1
    take(ids(redis.call('ZRANGE', base .. ':z', 0, last)), ':j:', ':h:')
    redis.call('ZREMRANGEBYRANK', base .. ':z', 0, last)
  end
end
if #doomed > 0 then redis.call('UNLINK', unpack(doomed)) end
return purged`,
};
