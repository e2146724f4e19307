import { getLogger } from '../../telemetry/index.js';
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

  constructor(handle: (ctx: HttpContext, latencyMs: number) => void) {
    this.#handle = handle;
  }

  add(ctx: HttpContext, latencyMs: number): void {
    if (this.#answered.push({ ctx, latencyMs }) === 1) setImmediate(this.#handOn);
  }

  readonly #handOn = (): void => {
    const answered = this.#answered;
    this.#answered = [];
    for (const { ctx, latencyMs } of answered) this.#note(ctx, latencyMs);
  };

  /** The answer was good: what cannot be noted of it neither ends the process nor keeps others from being noted. */
  #note(ctx: HttpContext, latencyMs: number): void {
    try {
      this.#handle(ctx, latencyMs);
    } catch (error) {
      getLogger().error({ err: error, request_id: ctx.state.requestId }, 'A request was answered, but not recorded');
    }
  }
}
