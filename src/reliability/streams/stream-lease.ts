/** What a lease does to the store it came from. */
export interface LeaseVerbs {
  refresh(): Promise<boolean>;
  release(): Promise<void>;
  refreshEveryMs: number;
}

/**
 * The right to one open stream. It refreshes itself until it is released, and runs out by itself where the process dies.
 * `await using lease = await streamLease(user.id)` releases it at the end of the block.
 */
export class StreamLease implements AsyncDisposable {
  readonly #verbs: LeaseVerbs;
  readonly #timer: NodeJS.Timeout;
  #released: Promise<void> | undefined;

  constructor(
    readonly id: string,
    readonly userId: string,
    verbs: LeaseVerbs,
  ) {
    this.#verbs = verbs;
    // A refresh that fails is made up for by the next one: a lease lives as long as three intervals.
    this.#timer = setInterval(() => void this.refresh().catch(() => false), verbs.refreshEveryMs).unref();
  }

  /** Prolongs the lease now; false when it had run out, or was released. */
  async refresh(): Promise<boolean> {
    return this.#released === undefined && this.#verbs.refresh();
  }

  /** Gives the place to another stream. Idempotent; a place that could not be given back runs out by itself. */
  release(): Promise<void> {
    clearInterval(this.#timer);
    this.#released ??= this.#verbs.release().catch(() => {});
    return this.#released;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}
