import type { TextSealer } from '../../base/sealed-text.js';
import { type RedisClient, type RedisScript, runScript } from '../../redis/index.js';

export type TaskState = 'running' | 'completed' | 'failed' | 'cancelled';
export type TaskOutcome = Exclude<TaskState, 'running'>;

/** One undo that another instance can run: a job. */
export interface TaskUndo {
  id: string;
  taskName: string;
  data: unknown;
}

export interface StoredTask {
  owner: string | null;
  state: TaskState;
  cancelled: boolean;
}

/** How long a task that ended, and its events, can still be asked for. */
const KEPT_SECONDS = 3_600;
/** A task that runs longer than this without a sign of life is gone, whatever Redis says. */
const RUNNING_SECONDS = 86_400;
const MAX_EVENTS = 1_000;

/**
 * KEYS[1] the running tasks by the ms at which their lease runs out. ARGV: life in ms, ids.
 * Spelled 1000.0 and %.0f because the in-memory engine wraps whole numbers at 32 bits.
 */
const BEAT: RedisScript = {
  name: 'kernelTasksBeat',
  keys: 1,
  lua: `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000.0 + math.floor(tonumber(time[2]) / 1000)
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
const REAP: RedisScript = {
  name: 'kernelTasksReap',
  keys: 1,
  lua: `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000.0 + math.floor(tonumber(time[2]) / 1000)
local dead = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
for _, id in ipairs(dead) do redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[1])), id) end
return dead
`,
};

/** What all instances know of tasks: a hash for each, a list of undos, the last events. */
export class TaskStore {
  readonly #redis: RedisClient;
  readonly #prefix: string;
  readonly #sealer: TextSealer;

  /** @param sealer encrypts the tokens that a cancelling request hands to the task */
  constructor(redis: RedisClient, prefix: string, sealer: TextSealer) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#sealer = sealer;
  }

  async open(id: string, owner: string | undefined): Promise<void> {
    const key = this.#key(id);
    await Promise.all([
      this.#redis.hset(key, { owner: owner ?? '', state: 'running' }),
      this.#redis.expire(key, RUNNING_SECONDS),
    ]);
  }

  async close(id: string, state: TaskOutcome): Promise<void> {
    const key = this.#key(id);
    await Promise.all([
      this.#redis.zrem(this.#running, id),
      this.#redis.hset(key, { state }),
      this.#redis.hdel(key, 'tokens'),
      this.#redis.expire(key, KEPT_SECONDS),
      this.#redis.expire(`${key}:events`, KEPT_SECONDS),
      this.#redis.del(`${key}:undo`),
    ]);
  }

  async find(id: string): Promise<StoredTask | undefined> {
    const { owner, state, cancelled } = await this.#redis.hgetall(this.#key(id));
    if (state === undefined) return undefined;
    return { owner: owner || null, state: state as TaskState, cancelled: cancelled === '1' };
  }

  async cancel(id: string, tokens: Readonly<Record<string, string>>): Promise<void> {
    const key = this.#key(id);
    await this.#redis.hset(key, { cancelled: '1', tokens: this.#sealer.seal(JSON.stringify(tokens), key) });
  }

  /** The tokens that came with the cancellation of `id`; undefined while it is not cancelled. */
  async cancellation(id: string): Promise<Record<string, string> | undefined> {
    const key = this.#key(id);
    const [cancelled, sealed] = await this.#redis.hmget(key, 'cancelled', 'tokens');
    if (cancelled !== '1') return undefined;
    const text = this.#sealer.open(sealed ?? '', key);
    return text === undefined ? {} : (JSON.parse(text) as Record<string, string>);
  }

  /** Says that these tasks are alive for another `lifeMs`. */
  async beat(ids: readonly string[], lifeMs: number): Promise<void> {
    if (ids.length > 0) await runScript(this.#redis, BEAT, [this.#running], [lifeMs, ...ids]);
  }

  /** The tasks whose process has died; each is one caller's to clear up and `close` for `lifeMs`, then another's. */
  async reap(lifeMs: number): Promise<string[]> {
    return (await runScript(this.#redis, REAP, [this.#running], [lifeMs])) as string[];
  }

  async keepUndo(id: string, undo: TaskUndo): Promise<void> {
    await this.#redis.rpush(`${this.#key(id)}:undo`, JSON.stringify(undo));
  }

  async dropUndo(id: string, undo: TaskUndo): Promise<void> {
    await this.#redis.lrem(`${this.#key(id)}:undo`, 0, JSON.stringify(undo));
  }

  /** The last one first. */
  async undos(id: string): Promise<TaskUndo[]> {
    const texts = await this.#redis.lrange(`${this.#key(id)}:undo`, 0, -1);
    return texts.map((text) => JSON.parse(text) as TaskUndo).reverse();
  }

  /** Kept as `number text`, sorted by the number, for no two members may be the same. */
  async keepEvent(id: string, number: number, text: string): Promise<void> {
    const key = `${this.#key(id)}:events`;
    await this.#redis.zadd(key, number, `${number} ${text}`);
    if (number === 1) await this.#redis.expire(key, RUNNING_SECONDS);
    if (number > MAX_EVENTS) await this.#redis.zremrangebyscore(key, '-inf', number - MAX_EVENTS);
  }

  /** The events after `number`, as they were sent. */
  async eventsAfter(id: string, number: number): Promise<Array<{ number: number; text: string }>> {
    const members = await this.#redis.zrangebyscore(`${this.#key(id)}:events`, number + 1, '+inf');
    return members.map((member) => {
      const end = member.indexOf(' ');
      return { number: Number(member.slice(0, end)), text: member.slice(end + 1) };
    });
  }

  #key(id: string): string {
    return `${this.#prefix}${id}`;
  }

  get #running(): string {
    return `${this.#prefix}running`;
  }
}
