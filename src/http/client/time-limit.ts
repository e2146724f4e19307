/**
 * One signal for a request: it aborts with the caller's, or when the time is up. Dispose of it at the end, so that neither a
 * timer nor a listener on a long-lived signal is left.
 */
export class TimeLimit {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #outer: AbortSignal | undefined;
  #isUp = false;

  constructor(limitMs: number, outer: AbortSignal | undefined) {
    this.#outer = outer;
    this.#timer = setTimeout(() => this.#end(), limitMs).unref();
    outer?.addEventListener('abort', this.#follow, { once: true });
    if (outer?.aborted) this.#follow();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** True where it was the time that ended the request. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Whoever has set it lifts it. */
  lift(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#follow);
  }

  #end(): void {
    this.#isUp = true;
    this.#controller.abort(new Error('The time is up'));
  }

  readonly #follow = (): void => this.#controller.abort(this.#outer?.reason);
}
