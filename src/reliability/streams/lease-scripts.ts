import type { RedisScript } from '../../redis/index.js';

/**
 * A user's streams are one sorted set: its members lease ids, their scores the ms at which they run out by the server's
 * clock. Spelled 1000.0 and %.0f because the in-memory engine wraps whole numbers at 32 bits and prints large ones in
 * exponents.
 */
const SWEEP = `
local function text(number) return string.format('%.0f', number) end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000.0 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text(now))
local function keep(lease, life)
  redis.call('ZADD', KEYS[1], text(now + life), lease)
  local last = redis.call('ZRANGE', KEYS[1], '-1', '-1', 'WITHSCORES')
  redis.call('PEXPIREAT', KEYS[1], text(tonumber(last[2])))
end
`;

/** KEYS[1] the set. ARGV: lease id, limit, life in ms. Answers { 1 when it was granted, streams open }. */
export const ACQUIRE: RedisScript = {
  name: 'kernelStreamAcquire',
  keys: 1,
  lua: `${SWEEP}
local open = tonumber(redis.call('ZCARD', KEYS[1]))
if open >= tonumber(ARGV[2]) then return { 0, open } end
keep(ARGV[1], tonumber(ARGV[3]))
return { 1, open + 1 }
`,
};

/** KEYS[1] the set. ARGV: lease id, life in ms. Answers 1 when the lease was still there. */
export const REFRESH: RedisScript = {
  name: 'kernelStreamRefresh',
  keys: 1,
  lua: `${SWEEP}
if type(redis.call('ZSCORE', KEYS[1], ARGV[1])) ~= 'string' then return 0 end
keep(ARGV[1], tonumber(ARGV[2]))
return 1
`,
};

/** KEYS[1] the set. Answers the number of streams open. */
export const COUNT: RedisScript = {
  name: 'kernelStreamCount',
  keys: 1,
  lua: `${SWEEP}
return redis.call('ZCARD', KEYS[1])
`,
};
