import type { RedisClient } from './redis-client.js';

/** A Lua script, sent once and then run by its hash. */
export interface RedisScript {
  /** Unique in this package. */
  name: string;
  /** How many of its arguments are keys; `any` where each run says by its own. */
  keys: number | 'any';
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
  const { name, lua } = script;
  if (!isDefined(client, name))
    client.defineCommand(name, script.keys === 'any' ? { lua } : { lua, numberOfKeys: script.keys });
  const command = (client as unknown as Commands)[name];
  if (!command) throw new TypeError(`The client did not take the script ${name}`);
  return script.keys === 'any'
    ? command.call(client, keys.length, ...keys, ...args)
    : command.call(client, ...keys, ...args);
}

function isDefined(client: RedisClient, name: string): boolean {
  const names = defined.get(client) ?? new Set<string>();
  defined.set(client, names);
  if (names.has(name)) return true;
  names.add(name);
  return false;
}
