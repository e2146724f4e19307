/** An exact sliding window in one round trip; KEYS[1] a sorted set, ARGV: limit, window in ms, a unique member. */
export const SLIDING_WINDOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
local calls = redis.call('ZCARD', KEYS[1])
if calls >= tonumber(ARGV[1]) then return { 0, calls } end
redis.call('ZADD', KEYS[1], now, ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return { 1, calls + 1 }
`;
