import type { RedisScript } from '../../redis/index.js';

/** Spelled 1000.0 and %.0f because the in-memory engine wraps whole numbers at 32 bits. */
const NOW = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000.0 + math.floor(tonumber(time[2]) / 1000)
`;

/**
 * KEYS[1] the hash of a task. ARGV: owner, run, life in s. Answers 0, and changes nothing, while a task of that id runs:
 * who names an id must not come by what belongs to somebody else.
 */
export const OPEN: RedisScript = {
  name: 'kernelTasksOpen',
  keys: 1,
  lua: `
if redis.call('HGET', KEYS[1], 'state') == 'running' then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'run', ARGV[2], 'state', 'running')
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
`,
};

/** KEYS[1] the hash of a task. ARGV: its last state, life in s. The first end counts. */
export const END: RedisScript = {
  name: 'kernelTasksEnd',
  keys: 1,
  lua: `
if redis.call('HGET', KEYS[1], 'state') ~= 'running' then return 0 end
redis.call('HSET', KEYS[1], 'state', ARGV[1])
redis.call('HDEL', KEYS[1], 'tokens')
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
`,
};

/** KEYS[1] the ids of tasks to be told to stop, by the ms at which that was said. ARGV: id, ms that it is kept. */
export const ANNOUNCE: RedisScript = {
  name: 'kernelTasksAnnounce',
  keys: 1,
  lua: `${NOW}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - tonumber(ARGV[2])))
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
return 1
`,
};

/** KEYS[1] the running tasks by the ms at which their lease runs out. ARGV: life in ms, ids. */
export const BEAT: RedisScript = {
  name: 'kernelTasksBeat',
  keys: 1,
  lua: `${NOW}
for index = 2, #ARGV do
  redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[1])), ARGV[index])
end
return 1
`,
};

/**
 * KEYS[1] as above. ARGV: life in ms. Gives the tasks whose lease has run out a new one, for who clears up after them may
 * die as well, and answers their ids.
 */
export const REAP: RedisScript = {
  name: 'kernelTasksReap',
  keys: 1,
  lua: `${NOW}
local dead = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
for _, id in ipairs(dead) do redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[1])), id) end
return dead
`,
};
