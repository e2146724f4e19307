import type { TextSealer } from '../../base/sealed-text.js';
import { type RedisClient, runScript } from '../../redis/index.js';
import { ANNOUNCE, BEAT, END, OPEN, REAP } from './task-scripts.js';

export type TaskState = 'running' | 'completed' | 'failed' | 'cancelled';
export type TaskOutcome = Exclude<TaskState, 'running'>;

/** One undo that another instance can run: a job. */
export interface TaskUndo {
  id: string;
  taskName: string;
  data: unknown;
}

/** An event as it was sent. */
export interface TaskEvent {
  number: number;
  text: string;
}

export interface StoredTask {
  owner: string | null;
  state: TaskState;
  cancelled: boolean;
  /** Which run of this id it is. */
  run: string;
}

/** How long a task that ended, and its events, can still be asked for. */
const KEPT_SECONDS = 3_600;
/** How long a task may run. */
const RUNNING_SECONDS = 7 * 86_400;
/** How many events are kept of a task. */
export const MAX_EVENTS = 1_000;
/** An instance that is cut off from Redis for less hears of every cancellation all the same. */
const ANNOUNCED_MS = 3_600_000;
/** Ids that go into one command. */
const CHUNK = 1_000;

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

  /** Answers false where a task of that id runs already. */
  async open(id: string, owner: string | undefined, run: string): Promise<boolean> {
    const reply = await runScript(this.#redis, OPEN, [this.#key('state', id)], [owner ?? '', run, RUNNING_SECONDS]);
    if (Number(reply) !== 1) return false;
    await this.#redis.del(this.#key('events', id)); // of an earlier task with this id
    return true;
  }

  /** Its state from now on, unless it has ended already. */
  async end(id: string, state: TaskOutcome): Promise<void> {
    await runScript(this.#redis, END, [this.#key('state', id)], [state, KEPT_SECONDS]);
    await this.#redis.expire(this.#key('events', id), KEPT_SECONDS);
  }

  /** Nobody has to clear up after it any more. */
  async forget(id: string): Promise<void> {
    await Promise.all([this.#redis.zrem(this.#running, id), this.#redis.del(this.#key('undo', id))]);
  }

  async find(id: string): Promise<StoredTask | undefined> {
    const { owner, state, cancelled, run } = await this.#redis.hgetall(this.#key('state', id));
    if (state === undefined) return undefined;
    return { owner: owner || null, state: state as TaskState, cancelled: cancelled === '1', run: run ?? '' };
  }

  async cancel(id: string, tokens: Readonly<Record<string, string>>): Promise<void> {
    const key = this.#key('state', id);
    await this.#redis.hset(key, { cancelled: '1', tokens: this.#sealer.seal(JSON.stringify(tokens), key) });
    await this.announce(id);
  }

  /** The tokens that came with the cancellation of `id`. */
  async tokens(id: string): Promise<Record<string, string>> {
    const key = this.#key('state', id);
    const text = this.#sealer.open((await this.#redis.hget(key, 'tokens')) ?? '', key);
    return text === undefined ? {} : (JSON.parse(text) as Record<string, string>);
  }

  /** Tells the process that runs it to look at its state. */
  async announce(id: string): Promise<void> {
    await runScript(this.#redis, ANNOUNCE, [`${this.#prefix}announced`], [id, ANNOUNCED_MS]);
  }

  /** The ids announced since `moment`, oldest first; each with its moment. */
  async announcedSince(moment: string): Promise<Array<{ id: string; moment: string }>> {
    const reply = await this.#redis.zrangebyscore(`${this.#prefix}announced`, moment, '+inf', 'WITHSCORES');
    return Array.from({ length: reply.length / 2 }, (_, index) => ({
      id: reply[2 * index] ?? '',
      moment: reply[2 * index + 1] ?? moment,
    }));
  }

  /** Says that these tasks are alive for another `lifeMs`. */
  async beat(ids: readonly string[], lifeMs: number): Promise<void> {
    for (let from = 0; from < ids.length; from += CHUNK)
      await runScript(this.#redis, BEAT, [this.#running], [lifeMs, ...ids.slice(from, from + CHUNK)]);
  }

  /** The tasks whose process has died; each is one caller's to clear up and `forget` for `lifeMs`, then another's. */
  async reap(lifeMs: number): Promise<string[]> {
    return (await runScript(this.#redis, REAP, [this.#running], [lifeMs])) as string[];
  }

  async keepUndo(id: string, undo: TaskUndo): Promise<void> {
    const key = this.#key('undo', id);
    await this.#redis.rpush(key, JSON.stringify(undo));
    await this.#redis.expire(key, RUNNING_SECONDS);
  }

  async dropUndo(id: string, undo: TaskUndo): Promise<void> {
    await this.#redis.lrem(this.#key('undo', id), 0, JSON.stringify(undo));
  }

  /** The last one first. */
  async undos(id: string): Promise<TaskUndo[]> {
    const texts = await this.#redis.lrange(this.#key('undo', id), 0, -1);
    return texts.map((text) => JSON.parse(text) as TaskUndo).reverse();
  }

  /** Kept as `number text`, sorted by the number, for no two members may be the same. */
  async keepEvents(id: string, events: readonly TaskEvent[]): Promise<void> {
    const last = events.at(-1)?.number;
    if (last === undefined) return;
    const key = this.#key('events', id);
    await this.#redis.zadd(key, ...events.flatMap(({ number, text }) => [number, `${number} ${text}`]));
    if (events[0]?.number === 1) await this.#redis.expire(key, RUNNING_SECONDS);
    if (last > MAX_EVENTS) await this.#redis.zremrangebyscore(key, '-inf', last - MAX_EVENTS);
  }

  /** The events after `number`. */
  async eventsAfter(id: string, number: number): Promise<TaskEvent[]> {
    const members = await this.#redis.zrangebyscore(this.#key('events', id), number + 1, '+inf');
    return members.map((member) => {
      const end = member.indexOf(' ');
      return { number: Number(member.slice(0, end)), text: member.slice(end + 1) };
    });
  }

  /** The kind comes first: an id may be anything. */
  #key(kind: 'state' | 'events' | 'undo', id: string): string {
    return `${this.#prefix}${kind}:${id}`;
  }

  get #running(): string {
    return `${this.#prefix}running`;
  }
}
