import { Readable } from 'node:stream';
import { type FedStream, runWithContext } from '../../base/context.js';
import { KernelError } from '../../base/errors.js';
import { formatSse, type SseMessage } from './sse-format.js';
import { checkSseOptions, DEFAULT_HEARTBEAT_SECONDS, type SseOptions } from './sse-options.js';

export type SseSource = AsyncIterable<string | SseMessage>;

const COMMENT = ':\n\n';
/** Silences that a client may leave what it was sent untouched. */
const MOST_STALLS = 8;
/** How long the headers wait for the first event, ms: a fault before it is answered as any other. */
const BEGIN_MS = 100;

/**
 * An event stream for `ctx.body`, or to return from a handler. It asks for the next event when the client has taken the
 * last, and aborts `signal` and ends the generator when the client leaves.
 */
export class SseStream extends Readable implements FedStream {
  readonly #controller = new AbortController();
  readonly #options: SseOptions;
  readonly #iterator: AsyncIterator<string | SseMessage>;
  readonly #heartbeat: NodeJS.Timeout;
  #begin: () => void = () => {};
  readonly #begun = new Promise<void>((resolve) => {
    this.#begin = resolve;
  });
  #wanted: (() => void) | undefined;
  #ended = false;
  #hurried = false;
  #stalls = 0;
  #isSilent = true;
  /** The error that ended the source, once there is one. */
  fault: unknown;

  constructor(source: SseSource | ((signal: AbortSignal) => SseSource), options: SseOptions = {}) {
    super({ highWaterMark: 16 * 1024 });
    this.#options = options;
    try {
      checkSseOptions(options);
      this.#iterator = iteratorOf(typeof source === 'function' ? source(this.#controller.signal) : source);
    } catch (error) {
      void this.#release();
      throw error;
    }
    const silenceMs = (options.heartbeatSeconds ?? DEFAULT_HEARTBEAT_SECONDS) * 1_000;
    this.#heartbeat = setInterval(() => this.#beat(), silenceMs).unref();
    this.push(COMMENT); // the headers do not wait long for the first event
    void this.#pump();
  }

  /**
   * Resolves with the first event, or without one after a moment.
   * @throws the error that ended the source before it has said anything
   */
  async begun(): Promise<void> {
    const limit = setTimeout(this.#begin, BEGIN_MS);
    await this.#begun;
    clearTimeout(limit);
    if (this.#isSilent && this.fault !== undefined) throw this.fault;
  }

  /** Ends the stream at a shutdown: the client is told when to come back. */
  finish(retryMs: number): void {
    if (this.destroyed || this.#ended) return;
    this.#controller.abort(new Error('The service is stopping'));
    this.#end(`retry: ${retryMs}\n\n`);
  }

  /** The source is asked for its last events although the client has not taken those before: its task was cancelled. */
  hurry(): void {
    this.#hurried = true;
    this.#wanted?.();
  }

  override _read(): void {
    this.#stalls = 0;
    this.#wanted?.();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearInterval(this.#heartbeat);
    this.#wanted?.();
    this.#begin();
    if (!this.#options.keepRunning) {
      this.#controller.abort(new Error('The client has left'));
      void this.#iterator.return?.()?.catch(() => {});
    }
    callback(error);
  }

  async #pump(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await runWithContext({ stream: this }, () => this.#iterator.next());
        if (done) break;
        if (this.destroyed && !this.#options.keepRunning) return;
        await this.#send(typeof value === 'string' ? value : formatSse(value));
      }
      this.#end();
    } catch (error) {
      if (this.#controller.signal.aborted) return;
      this.fault = error;
      this.emit('fault', error);
      this.#end(formatSse({ event: 'error', data: { type: 'error', message: 'The stream ended with an error' } }));
    } finally {
      clearInterval(this.#heartbeat);
      this.#begin();
      await this.#release();
    }
  }

  async #release(): Promise<void> {
    try {
      await this.#options.lease?.release();
    } catch (error) {
      this.emit('fault', error);
    }
  }

  /** A client that has not taken the last event is sent no comments, which would pile up; one that never does is let go. */
  #beat(): void {
    if (this.readableLength === 0) this.push(COMMENT);
    else if (++this.#stalls >= MOST_STALLS) this.emit('stall');
  }

  async #send(text: string): Promise<void> {
    if (this.destroyed || this.#ended || text === '') return;
    this.#isSilent = false;
    this.#begin();
    this.#heartbeat.refresh();
    if (this.push(text) || this.#hurried) return;
    await new Promise<void>((resolve) => {
      this.#wanted = resolve;
    });
    this.#wanted = undefined;
  }

  #end(last?: string): void {
    clearInterval(this.#heartbeat);
    if (this.destroyed || this.#ended) return;
    this.#ended = true; // a generator may go on for a moment; what it still says goes nowhere
    if (last) this.push(last);
    this.push(null);
  }
}

function iteratorOf(source: SseSource): AsyncIterator<string | SseMessage> {
  const iterator = source?.[Symbol.asyncIterator]?.();
  if (iterator) return iterator;
  throw new KernelError(
    'E_SSE',
    'sse() takes an async iterable, or a function that answers one: async function* () { … }',
  );
}

/** `ctx.body = sse(generator)`: the generator's strings (made by `sseEvent` or a `TaskStream`) or messages, as they come. */
export function sse(source: SseSource | ((signal: AbortSignal) => SseSource), options: SseOptions = {}): SseStream {
  return new SseStream(source, options);
}
