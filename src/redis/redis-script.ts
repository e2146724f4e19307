import type { RedisClient } from './redis-client.js';

/** A Lua script, sent once and then run by its hash. */
export interface RedisScript {
  /** Unique in this package. */
  name: string;
  /** How many of its arguments are keys. */
  keys: number;
  lua: string;
}

type Commands = Record<string, (...args: ReadonlyArray<string | number>) => Promise<unknown>>;

const defined = new WeakMap<RedisClient, Set<string>>();

/** Runs `script` in one round trip; a server that forgot it (restart, SCRIPT FLUSH) is given it again. */
export function runScript(
  client: RedisClient,
  script: RedisScript,
  keys: readonly string[],
  args: ReadonlyArray<string | number> = [],
): Promise<unknown> {
  if (!isDefined(client, script.name))
    client.defineCommand(script.name, { numberOfKeys: script.keys, lua: script.lua });
  const command = (client as unknown as Commands)[script.name];
  if (!command) throw new TypeError(`The client did not take the script ${script.name}`);
  return command.call(client, ...keys, ...args);
}

function isDefined(client: RedisClient, name: string): boolean {
  const names = defined.get(client) ?? new Set<string>();
  defined.set(client, names);
  if (names.has(name)) return true;
  names.add(name);
  return false;
}
