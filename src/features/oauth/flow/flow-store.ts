import { createHash } from 'node:crypto';
import { ConnectionError } from '../../../base/errors.js';
import { randomToken } from '../../../base/ids.js';
import { type RedisClient, type RedisScript, runScript } from '../../../redis/index.js';

/** A sign-in on its way through the provider. */
export interface PendingFlow {
  provider: string;
  /** SHA-256 of the cookie that the browser holds. */
  browser: string;
  verifier: string;
  nonce: string;
  redirectUri: string;
  /** Set where somebody who has signed in adds a way in. */
  linkTo: string | null;
  /** PKCE challenge of the page that will redeem the code. */
  challenge: string | null;
}

/** What a one-time code stands for. */
export interface Ticket {
  userId: string;
  challenge: string | null;
}

const FLOW_SECONDS = 600;
const CODE_SECONDS = 60;

/** Answers the value and forgets it in one step: of two who come with the same secret one gets it. */
const TAKE: RedisScript = {
  name: 'oauthTake',
  keys: 1,
  lua: `
    local value = redis.call('GET', KEYS[1])
    if value then redis.call('DEL', KEYS[1]) end
    return value`,
};

/** What has to be remembered between two requests of a sign-in: minutes, and under hashes of its secrets. */
export class FlowStore {
  readonly #redis: RedisClient;
  readonly #prefix: string;

  constructor(redis: RedisClient, prefix = 'oauth:') {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  /** @returns the `state` that leads back to the flow. */
  begin(flow: PendingFlow): Promise<string> {
    return this.#keep('state', flow, FLOW_SECONDS);
  }

  resume(state: string): Promise<PendingFlow | null> {
    return this.#take<PendingFlow>('state', state);
  }

  /** @returns a code that can be redeemed once, within a minute. */
  issueCode(ticket: Ticket): Promise<string> {
    return this.#keep('code', ticket, CODE_SECONDS);
  }

  /** Gives a code back that was redeemed without what else was needed; for another minute. */
  async restoreCode(code: string, ticket: Ticket): Promise<void> {
    await this.#ask(() => this.#redis.set(this.#key('code', code), JSON.stringify(ticket), 'EX', CODE_SECONDS));
  }

  redeem(code: string): Promise<Ticket | null> {
    return this.#take<Ticket>('code', code);
  }

  async #keep(kind: string, value: object, seconds: number): Promise<string> {
    const secret = randomToken();
    await this.#ask(() => this.#redis.set(this.#key(kind, secret), JSON.stringify(value), 'EX', seconds));
    return secret;
  }

  async #take<T>(kind: string, secret: string): Promise<T | null> {
    const value = await this.#ask(() => runScript(this.#redis, TAKE, [this.#key(kind, secret)]));
    return typeof value === 'string' ? (JSON.parse(value) as T) : null;
  }

  async #ask<R>(command: () => Promise<R>): Promise<R> {
    try {
      return await command();
    } catch (error) {
      throw new ConnectionError('Sign-ins on their way could not be read or written', { cause: error });
    }
  }

  #key(kind: string, secret: string): string {
    return `${this.#prefix}${kind}:${createHash('sha256').update(secret).digest('base64url')}`;
  }
}
