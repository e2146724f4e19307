import type { Logger } from '../../base/ports.js';
import type { HttpContext } from '../request-state.js';
import { SseStream } from './sse-stream.js';

/** When clients come back after a shutdown, ms. */
const RETRY_MS = 2_000;

/** The event streams that one kernel serves: it gives them their headers, hears of their faults and ends them at its end. */
export class OpenStreams {
  readonly #logger: Logger;
  readonly #open = new Set<SseStream>();
  #draining = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Prepares the answer of a route where it is an event stream. */
  prepare(ctx: HttpContext): void {
    const { body } = ctx;
    if (!(body instanceof SseStream)) return;
    ctx.type = 'text/event-stream; charset=utf-8';
    ctx.set('Cache-Control', 'no-cache, no-transform');
    ctx.set('X-Accel-Buffering', 'no'); // nginx would hold events back until its buffer is full
    ctx.req.socket?.setNoDelay?.(true);
    if (!body.closed) this.#open.add(body);
    body.once('close', () => this.#open.delete(body));
    body.once('stall', () => ctx.res.destroy());
    const tell = (error: unknown): void => this.#logger.error({ err: error }, 'An event stream failed');
    if (body.fault === undefined) body.on('fault', tell);
    else tell(body.fault); // it was faster than we
    if (this.#draining) body.finish(RETRY_MS);
  }

  /** Ends every stream, and those that still begin. */
  drain(): void {
    this.#draining = true;
    for (const stream of this.#open) stream.finish(RETRY_MS);
  }
}
