import type { HttpContext } from '../request-state.js';

interface Answered {
  ctx: HttpContext;
  latencyMs: number;
}

/**
 * Hands requests on once their answers have left: what is noted of them delays nobody. Requests of one turn of the event loop
 * share a callback.
 */
export class AfterAnswer {
  readonly #handle: (ctx: HttpContext, latencyMs: number) => void;
  #answered: Answered[] = [];

  /** @param handle must not throw */
  constructor(handle: (ctx: HttpContext, latencyMs: number) => void) {
    this.#handle = handle;
  }

  add(ctx: HttpContext, latencyMs: number): void {
    if (this.#answered.push({ ctx, latencyMs }) === 1) setImmediate(this.#handOn);
  }

  readonly #handOn = (): void => {
    const answered = this.#answered;
    this.#answered = [];
    for (const { ctx, latencyMs } of answered) this.#handle(ctx, latencyMs);
  };
}
