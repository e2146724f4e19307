import type { Duplex } from 'node:stream';
import type { Exchange } from './exchange.js';
import type { MessageWriter } from './message-writer.js';

/** Lines on their way to the server, which copies them in. It waits for none but those that are here already. */
export class CopySource {
  readonly #lines: AsyncIterable<Buffer>;
  #fault: unknown;
  #sent: Promise<void> = Promise.resolve();

  constructor(lines: AsyncIterable<Buffer>) {
    this.#lines = lines;
  }

  /** The server asks for them. */
  start(exchange: Exchange, writer: MessageWriter, stream: Duplex): void {
    this.#sent = this.#send(exchange, writer, stream);
  }

  /** Once nothing is sent any more. @throws what who makes the lines threw. */
  async end(): Promise<void> {
    await this.#sent;
    if (this.#fault) throw this.#fault;
  }

  /** The server skips the Sync that came with the statement, so what is copied ends with one of its own. */
  async #send(exchange: Exchange, writer: MessageWriter, stream: Duplex): Promise<void> {
    try {
      for await (const lines of this.#lines) {
        if (exchange.error || stream.destroyed) break; // it has refused what came before
        writer.copyData(lines.length);
        stream.cork();
        stream.write(writer.take());
        const takesMore = stream.write(lines);
        stream.uncork();
        if (!takesMore) await drained(stream);
      }
      writer.copyDone();
    } catch (error) {
      this.#fault = error;
      writer.copyFail('The lines broke off');
    }
    writer.sync();
    stream.write(writer.take());
  }
}

function drained(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      stream.off('drain', go);
      stream.off('close', go);
      resolve();
    };
    if (stream.destroyed) return resolve();
    stream.on('drain', go);
    stream.on('close', go);
  });
}
