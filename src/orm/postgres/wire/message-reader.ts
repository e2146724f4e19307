const HEADER_BYTES = 5;

/** Takes one message: its type, and where its body lies in `data`. */
export type TakeMessage = (type: string, data: Buffer, start: number, end: number) => void;

/** Cuts the bytes that arrive into messages. */
export class MessageReader {
  readonly #take: TakeMessage;
  /** The beginning of a message whose end is still on its way. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #wantedBytes = 0;

  constructor(take: TakeMessage) {
    this.#take = take;
  }

  feed(chunk: Buffer): void {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes < this.#wantedBytes) return; // joining a large message once is enough
    const data = this.#waiting.length === 1 ? chunk : Buffer.concat(this.#waiting);
    const rest = this.#cut(data);
    this.#waiting = rest.length === 0 ? [] : [rest];
    this.#waitingBytes = rest.length;
  }

  #cut(data: Buffer): Buffer {
    let at = 0;
    this.#wantedBytes = HEADER_BYTES;
    while (data.length - at >= HEADER_BYTES) {
      const bytes = 1 + data.readInt32BE(at + 1);
      if (data.length - at < bytes) {
        this.#wantedBytes = bytes;
        break;
      }
      this.#take(String.fromCharCode(data[at] as number), data, at + HEADER_BYTES, at + bytes);
      at += bytes;
    }
    return data.subarray(at);
  }
}

/** Text that ends with a zero byte. */
export function readText(data: Buffer, start: number): { text: string; end: number } {
  const zero = data.indexOf(0, start);
  return { text: data.toString('utf8', start, zero), end: zero + 1 };
}
