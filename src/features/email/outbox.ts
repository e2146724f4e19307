import { ConnectionError, TimeoutError } from '../../base/errors.js';
import { type Logger, silentLogger } from '../../base/ports.js';
import { retry } from '../../base/retry.js';
import type { EmailMessage } from './message.js';

export interface OutboxOptions {
  /** Hands the mail over: to the server, or to a queue that will. */
  deliver(message: EmailMessage): Promise<unknown>;
  logger?: Logger;
}

/**
 * Mails that nobody waits for. What a request causes to be sent must not make its answer slower, or fail it: how long the
 * answer takes would tell whether there was somebody to write to.
 */
export class Outbox {
  readonly #deliver: OutboxOptions['deliver'];
  readonly #logger: Logger;
  readonly #underway = new Set<Promise<void>>();

  constructor({ deliver, logger = silentLogger }: OutboxOptions) {
    this.#deliver = deliver;
    this.#logger = logger;
  }

  /** Sends `message`, or what a function makes of what it looks up first; null sends nothing. Never throws. */
  post(message: EmailMessage | (() => Promise<EmailMessage | null>)): void {
    const work = this.#send(message).catch((error: unknown) => {
      this.#logger.error({ err: error }, 'A mail could not be sent');
    });
    this.#underway.add(work);
    void work.finally(() => this.#underway.delete(work));
  }

  /** Resolves when every mail that was posted so far is out, or was given up. */
  async settle(): Promise<void> {
    await Promise.all(this.#underway);
  }

  async #send(given: EmailMessage | (() => Promise<EmailMessage | null>)): Promise<void> {
    const message = typeof given === 'function' ? await given() : given;
    if (message) await retry(() => this.#deliver(message), { isTransient });
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof ConnectionError || error instanceof TimeoutError;
}
