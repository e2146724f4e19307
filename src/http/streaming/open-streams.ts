import type { Logger } from '../../base/ports.js';
import type { HttpContext } from '../request-state.js';
import { SseStream } from './sse-stream.js';

/** When clients come back after a shutdown, ms. */
const RETRY_MS = 2_000;

/** The event streams that one kernel serves: it gives them their headers, hears of their faults and ends them at its end. */
export class OpenStreams {
  readonly #logger: Logger;
  readonly #streams = new Set<SseStream>();
  #draining = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get size(): number {
    return this.#streams.size;
  }

  /**
   * Prepares the answer of a route where it is an event stream.
   * @throws the error of one that failed before its first event
   */
  prepare(ctx: HttpContext): void | Promise<void> {
    if (ctx.body instanceof SseStream) return this.#open(ctx, ctx.body);
  }

  async #open(ctx: HttpContext, body: SseStream): Promise<void> {
    await body.begun();
    ctx.type = 'text/event-stream; charset=utf-8';
    ctx.set('Cache-Control', 'no-cache, no-transform');
    ctx.set('X-Accel-Buffering', 'no'); // nginx would hold events back until its buffer is full
    ctx.req.socket?.setNoDelay?.(true);
    if (!body.closed) this.#streams.add(body);
    body.once('close', () => this.#streams.delete(body));
    body.once('stall', () => ctx.res.destroy());
    const tell = (error: unknown): void => this.#logger.error({ err: error }, 'An event stream failed');
    if (body.fault === undefined) body.on('fault', tell);
    else tell(body.fault); // it was faster than we
    if (this.#draining) body.finish(RETRY_MS);
  }

  /** Ends every stream, and those that still begin. */
  drain(): void {
    this.#draining = true;
    for (const stream of this.#streams) stream.finish(RETRY_MS);
  }
}
