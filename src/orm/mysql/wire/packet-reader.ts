const HEADER_BYTES = 4;
/** A packet of this length goes on in the next one. */
const FULL = 0xff_ff_ff;

/** Takes one packet: where its payload lies in `data`. */
export type TakePacket = (data: Buffer, start: number, end: number) => void;

/** Cuts the bytes that arrive into packets. */
export class PacketReader {
  readonly #take: TakePacket;
  /** The beginning of a packet whose end is still on its way. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #wantedBytes = HEADER_BYTES;
  /** What came of a packet that goes on in the next one. */
  #parts: Buffer[] = [];

  constructor(take: TakePacket) {
    this.#take = take;
  }

  feed(chunk: Buffer): void {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes < this.#wantedBytes) return; // joining a large packet once is enough
    const data = this.#waiting.length === 1 ? chunk : Buffer.concat(this.#waiting);
    const rest = this.#cut(data);
    this.#waiting = rest.length === 0 ? [] : [rest];
    this.#waitingBytes = rest.length;
  }

  #cut(data: Buffer): Buffer {
    let at = 0;
    this.#wantedBytes = HEADER_BYTES;
    while (data.length - at >= HEADER_BYTES) {
      const bytes = HEADER_BYTES + lengthAt(data, at);
      if (data.length - at < bytes) {
        this.#wantedBytes = bytes;
        break;
      }
      this.#give(data, at + HEADER_BYTES, at + bytes);
      at += bytes;
    }
    return data.subarray(at);
  }

  #give(data: Buffer, start: number, end: number): void {
    const goesOn = end - start === FULL;
    if (goesOn || this.#parts.length > 0) this.#join(data.subarray(start, end), goesOn);
    else this.#take(data, start, end);
  }

  #join(part: Buffer, goesOn: boolean): void {
    this.#parts.push(part);
    if (goesOn) return;
    const whole = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#take(whole, 0, whole.length);
  }
}

function lengthAt(data: Buffer, at: number): number {
  return (data[at] as number) | ((data[at + 1] as number) << 8) | ((data[at + 2] as number) << 16);
}
