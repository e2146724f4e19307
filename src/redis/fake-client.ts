import { type Clock, systemClock } from '../base/clock.js';
import { randomToken } from '../base/ids.js';
import type { RedisClient } from './redis-client.js';

/** An in-memory Redis of its own: only clients that are `duplicate()`d from it share its data. */
export async function openFakeClient(clock: Clock = systemClock): Promise<RedisClient> {
  const { default: FakeRedis } = await import('ioredis-mock');
  return withTime(new FakeRedis({ host: `in-memory-${randomToken(12)}` }), clock);
}

/** Answers TIME inside a script from the script's last argument. */
const SCRIPT_CLOCK = `
local time, call = table.remove(ARGV), redis.call
redis.call = function(name, ...)
  if string.upper(name) ~= 'TIME' then return call(name, ...) end
  return {string.sub(time, 1, -4), string.sub(time, -3) .. '000'}
end
`;

type Definition = Parameters<RedisClient['defineCommand']>[1];
type Commands = Record<string, (...args: unknown[]) => Promise<unknown>>;

/**
 * TIME of ioredis-mock joins rounded seconds with the fraction of another clock, so it jumps by up to a second, back
 * as well. This gives it the time of `clock`, in commands and in scripts; keys still expire by the system's.
 */
function withTime(client: RedisClient, clock: Clock): RedisClient {
  const define = client.defineCommand.bind(client);
  const duplicate = client.duplicate.bind(client);
  const commands = client as unknown as Commands;
  return Object.assign(client, {
    time: async () => {
      const now = Math.floor(clock.now());
      return [String(Math.floor(now / 1000)), String((now % 1000) * 1000)]; // texts, whatever the types of ioredis say
    },
    duplicate: (...options: Parameters<RedisClient['duplicate']>) => withTime(duplicate(...options), clock),
    defineCommand: (name: string, definition: Definition) => {
      const lua = SCRIPT_CLOCK + definition.lua;
      const time = () => String(Math.floor(clock.now()));
      if (definition.numberOfKeys === undefined) {
        // ioredis-mock takes each run's own number of keys for a key.
        commands[name] = (count, ...args) => client.eval(lua, Number(count), ...(args as string[]), time());
        return;
      }
      const timed = `${name}At`;
      define(timed, { ...definition, lua });
      commands[name] = (...args) => commands[timed]?.(...args, time()) ?? Promise.reject(new TypeError(name));
    },
  });
}
