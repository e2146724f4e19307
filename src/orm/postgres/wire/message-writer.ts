/** A value as it goes over the wire: bytes in binary format, everything else as text. */
export type WireValue = string | Uint8Array | null;

const CHUNK_BYTES = 64 * 1024;
/** Most bytes that one UTF-16 unit takes as UTF-8. */
const BYTES_PER_UNIT = 3;
const TEXT_FORMAT = 0;
const BINARY_FORMAT = 1;

/**
 * Writes messages of the extended query protocol one behind the other into a buffer. One write of the socket takes more
 * than half the time of a short statement, so what goes out together is one buffer, however many messages it holds.
 */
export class MessageWriter {
  #buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  /** What was taken already ends here: the socket may still read from it. */
  #start = 0;
  #end = 0;

  parse(name: string, sql: string): void {
    const at = this.#open('P');
    this.#zeroEnded(name);
    this.#zeroEnded(sql);
    this.#int16(0); // the server works the parameters' types out
    this.#close(at);
  }

  bind(name: string, values: readonly WireValue[]): void {
    const at = this.#open('B');
    this.#zeroEnded(''); // the unnamed portal
    this.#zeroEnded(name);
    this.#int16(values.length);
    for (const value of values) this.#int16(value instanceof Uint8Array ? BINARY_FORMAT : TEXT_FORMAT);
    this.#int16(values.length);
    for (const value of values) this.#value(value);
    this.#int16(0); // every column of the result as text
    this.#close(at);
  }

  describePortal(): void {
    const at = this.#open('D');
    this.#zeroEnded('P');
    this.#close(at);
  }

  execute(): void {
    const at = this.#open('E');
    this.#zeroEnded('');
    this.#int32(0); // all rows
    this.#close(at);
  }

  closeStatement(name: string): void {
    const at = this.#open('C');
    this.#zeroEnded(`S${name}`);
    this.#close(at);
  }

  sync(): void {
    this.#close(this.#open('S'));
  }

  /** What `bytes` more bytes follow, which go their own way. */
  copyData(bytes: number): void {
    this.#reserve(5);
    this.#buffer[this.#end] = 'd'.charCodeAt(0);
    this.#buffer.writeInt32BE(4 + bytes, this.#end + 1);
    this.#end += 5;
  }

  copyDone(): void {
    this.#close(this.#open('c'));
  }

  copyFail(reason: string): void {
    const at = this.#open('f');
    this.#zeroEnded(reason);
    this.#close(at);
  }

  /** What was written since the last call. */
  take(): Buffer {
    const written = this.#buffer.subarray(this.#start, this.#end);
    this.#start = this.#end;
    return written;
  }

  #open(type: string): number {
    this.#reserve(5);
    this.#buffer[this.#end] = type.charCodeAt(0);
    this.#end += 5;
    return this.#end - 4 - this.#start;
  }

  /** Fills in the length, which counts itself. */
  #close(at: number): void {
    const from = this.#start + at;
    this.#buffer.writeInt32BE(this.#end - from, from);
  }

  #value(value: WireValue): void {
    if (value === null) {
      this.#int32(-1);
      return;
    }
    if (value instanceof Uint8Array) {
      this.#int32(value.length);
      this.#reserve(value.length);
      this.#buffer.set(value, this.#end);
      this.#end += value.length;
      return;
    }
    this.#reserve(4 + value.length * BYTES_PER_UNIT);
    const length = this.#buffer.write(value, this.#end + 4);
    this.#buffer.writeInt32BE(length, this.#end);
    this.#end += 4 + length;
  }

  #zeroEnded(text: string): void {
    this.#reserve(text.length * BYTES_PER_UNIT + 1);
    this.#end += this.#buffer.write(text, this.#end);
    this.#buffer[this.#end++] = 0;
  }

  #int16(value: number): void {
    this.#reserve(2);
    this.#end = this.#buffer.writeUInt16BE(value, this.#end);
  }

  #int32(value: number): void {
    this.#reserve(4);
    this.#end = this.#buffer.writeInt32BE(value, this.#end);
  }

  /** Makes room; what has not been taken yet moves along. */
  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#buffer.length) return;
    const waiting = this.#buffer.subarray(this.#start, this.#end);
    this.#buffer = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, 2 * (waiting.length + bytes)));
    this.#buffer.set(waiting);
    this.#start = 0;
    this.#end = waiting.length;
  }
}
