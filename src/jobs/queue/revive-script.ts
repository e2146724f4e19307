import type { RedisScript } from '../../redis/index.js';
import { PRELUDE } from '../format/script-prelude.js';

/** Gives dead jobs a fresh start at the end of their list (d, x → j, w). Arguments: ids. Answers those revived. */
export const REVIVE: RedisScript = {
  name: 'kernelJobsRevive',
  keys: 1,
  lua: `${PRELUDE}
local revived = {}
for _, id in ipairs(ARGV) do
  local record = redis.call('GET', base .. ':d:' .. id)
  if type(record) == 'string' then
    local envelope = string.sub(record, string.find(record, '\\n', 1, true) + 1)
    local entry = firstEntry(string.sub(envelope, 14, 14), id)
    redis.call('HSET', jobs, id, envelope)
    redis.call('UNLINK', base .. ':d:' .. id)
    redis.call('ZREM', base .. ':x', id)
    redis.call('RPUSH', waiting(entry), entry)
    revived[#revived + 1] = id
  end
end
if #revived > 0 then wake() end
return list(revived)`,
};
