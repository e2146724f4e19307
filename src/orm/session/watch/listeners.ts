import type { Logger } from '../../../base/ports.js';

/** Those who want to hear of one kind of event. What a listener does wrong harms neither the others nor the caller. */
export class Listeners<Event> {
  readonly #logger: Logger;
  readonly #listeners = new Set<(event: Event) => unknown>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get any(): boolean {
    return this.#listeners.size > 0;
  }

  /** @returns what takes the listener off again. */
  add(listener: (event: Event) => unknown): () => void {
    const own = (event: Event): unknown => listener(event); // one function may be added twice and taken off once
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  tell(event: Event): void {
    for (const listener of this.#listeners) void this.#call(listener, event);
  }

  async #call(listener: (event: Event) => unknown, event: Event): Promise<void> {
    try {
      await listener(event);
    } catch (error) {
      this.#logger.error({ err: error }, 'A listener of the database failed');
    }
  }
}
