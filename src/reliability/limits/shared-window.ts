import { randomBytes } from 'node:crypto';
import { type RedisClient, runScript } from '../../redis/index.js';
import type { RedisGuard } from '../redis-guard.js';
import type { WindowState } from './local-window.js';
import { SLIDING_WINDOWS } from './sliding-window-script.js';

interface Question {
  key: string;
  limit: number;
  windowMs: number;
  count: boolean;
  answer(state: WindowState): void;
  refuse(error: unknown): void;
}

/** Redis does nothing else while a script runs: that many take it about half a millisecond. */
const MOST_AT_ONCE = 100;
const FIELDS = 4;

/**
 * The sliding windows of the whole service, in Redis. Questions of one turn of the event loop go there together: a command
 * for each was a quarter of the CPU of a busy service.
 */
export class SharedWindow {
  readonly #redis: RedisClient;
  readonly #guard: RedisGuard;
  readonly #mostAtOnce: number;
  readonly #instance = randomBytes(6).toString('base64url');
  #calls = 0;
  #asked: Question[] = [];

  constructor(redis: RedisClient, guard: RedisGuard) {
    this.#redis = redis;
    this.#guard = guard;
    this.#mostAtOnce = redis.isCluster ? 1 : MOST_AT_ONCE; // the keys of a script must be in one slot
  }

  /** @throws ConnectionError, TimeoutError or CircuitOpenError when Redis did not answer. */
  look(key: string, limit: number, windowMs: number, count: boolean): Promise<WindowState> {
    return new Promise((answer, refuse) => {
      if (this.#asked.push({ key, limit, windowMs, count, answer, refuse }) === 1) setImmediate(this.#askAll);
    });
  }

  readonly #askAll = (): void => {
    const asked = this.#asked;
    this.#asked = [];
    for (let at = 0; at < asked.length; at += this.#mostAtOnce) void this.#ask(asked.slice(at, at + this.#mostAtOnce));
  };

  async #ask(questions: readonly Question[]): Promise<void> {
    const keys = questions.map(({ key }) => key);
    const args = questions.flatMap(({ limit, windowMs, count }) => [limit, windowMs, this.#member(), count ? 1 : 0]);
    try {
      const reply = await this.#guard.run(() => runScript(this.#redis, SLIDING_WINDOWS, keys, args));
      const figures = String(reply).split(' ').map(Number);
      questions.forEach(({ answer }, index) => {
        answer(stateOf(figures, FIELDS * index));
      });
    } catch (error) {
      for (const { refuse } of questions) refuse(error);
    }
  }

  /** Of no other call, here or elsewhere. */
  #member(): string {
    this.#calls += 1;
    return `${this.#instance}:${this.#calls.toString(36)}`;
  }
}

function stateOf(figures: readonly number[], first: number): WindowState {
  const [admitted, calls = 0, waitMs = 0, resetMs = 0] = figures.slice(first, first + FIELDS);
  return { admitted: admitted === 1, calls, waitMs, resetMs };
}
