import { Readable } from 'node:stream';
import { type FedStream, runWithContext } from '../../base/context.js';
import { KernelError } from '../../base/errors.js';
import { formatSse, type SseMessage } from './sse-format.js';

/** What a stream gives back when it has ended, whatever ended it. */
export interface Releasable {
  release(): Promise<void>;
}

export interface SseOptions {
  /** Released when the stream ends: `await streamLease(user.id)`. */
  lease?: Releasable;
  /**
   * Seconds of silence after which a comment is sent, so that proxies keep the connection. Default 15. A client that takes
   * nothing for eight times as long counts as gone.
   */
  heartbeatSeconds?: number;
  /**
   * Goes on to the end when the client has left, for work that must not stop halfway; what it says then goes nowhere,
   * but a `TaskStream` keeps its events for whoever comes back.
   */
  keepRunning?: boolean;
}

export type SseSource = AsyncIterable<string | SseMessage>;

const COMMENT = ':\n\n';
/** Silences that a client may leave what it was sent untouched. */
const MOST_STALLS = 8;
/** The longest that a timer of Node can wait, s. */
const LONGEST_SILENCE = 2_147_483;

/**
 * An event stream for `ctx.body`, or to return from a handler. It asks for the next event when the client has taken the
 * last, and aborts `signal` and ends the generator when the client leaves.
 */
export class SseStream extends Readable implements FedStream {
  readonly #controller = new AbortController();
  readonly #options: SseOptions;
  readonly #iterator: AsyncIterator<string | SseMessage>;
  readonly #heartbeat: NodeJS.Timeout;
  #wanted: (() => void) | undefined;
  #ended = false;
  #hurried = false;
  #stalls = 0;
  /** The error that ended the source, once there is one. */
  fault: unknown;

  constructor(source: SseSource | ((signal: AbortSignal) => SseSource), options: SseOptions = {}) {
    super({ highWaterMark: 16 * 1024 });
    this.#options = options;
    const silenceMs = checkedSilence(options.heartbeatSeconds ?? 15) * 1_000;
    const iterable = typeof source === 'function' ? source(this.#controller.signal) : source;
    this.#iterator = iteratorOf(iterable);
    this.#heartbeat = setInterval(() => this.#beat(), silenceMs).unref();
    this.push(COMMENT); // the headers go out at once, not with the first event
    void this.#pump();
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

/** @throws KernelError `E_SSE` */
function checkedSilence(seconds: number): number {
  if (seconds > 0 && seconds <= LONGEST_SILENCE) return seconds;
  throw new KernelError('E_SSE', `heartbeatSeconds cannot be ${seconds}; give a number above 0, 15 for example`);
}

/** `ctx.body = sse(generator)`: the generator's strings (made by `sseEvent` or a `TaskStream`) or messages, as they come. */
export function sse(source: SseSource | ((signal: AbortSignal) => SseSource), options: SseOptions = {}): SseStream {
  return new SseStream(source, options);
}
