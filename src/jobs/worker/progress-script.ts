import type { RedisScript } from '../../redis/index.js';
import { PRELUDE } from '../format/script-prelude.js';

/**
 * Shows progress or log lines of a running job (h), if its worker still holds it: one that lost its lease must neither
 * overwrite what the next run shows, nor leave something of a job that has ended.
 * Keys: p:<worker>, h:<id>. Arguments: worker id, claim, id; then names and values.
 */
export const SHOW_PROGRESS: RedisScript = {
  name: 'kernelJobsShowProgress',
  keys: 1,
  lua: `${PRELUDE}
if type(redis.call('LPOS', base .. ':p:' .. ARGV[1], ARGV[2])) ~= 'number' then return 0 end
redis.call('HSET', live(ARGV[3]), unpack(ARGV, 4))
return 1`,
};
