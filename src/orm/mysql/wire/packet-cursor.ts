/** What `Buffer.toString` calls in the end; without the way there it takes 0.10 instead of 0.12 µs. */
interface SlicedText extends Buffer {
  utf8Slice(start: number, end: number): string;
  latin1Slice(start: number, end: number): string;
}

/** Texts that are parts of one keep all of it alive: a long row is not taken as one. */
const LONGEST_ROW = 2_048;

/** Reads packets of the binary protocol from left to right. All numbers are little-endian. */
export class PacketCursor {
  buffer: Buffer = NOTHING;
  at = 0;
  #row = '';
  #rowStart = 0;
  #rowEnd = 0;

  moveTo(buffer: Buffer, at: number): void {
    this.buffer = buffer;
    this.at = at;
    this.#rowEnd = at;
  }

  /** The texts from here to `end` are read together: a find of 10,000 rows of nine texts takes 0.81 of the CPU. */
  startRow(end: number): void {
    if (end - this.at > LONGEST_ROW) return;
    this.#rowStart = this.at;
    this.#rowEnd = end;
    this.#row = (this.buffer as SlicedText).latin1Slice(this.at, end);
  }

  /** Unsigned, as are all of these where the name says nothing else. */
  int8(): number {
    return this.buffer[this.at++] as number;
  }

  int16(): number {
    return this.int8() + this.int8() * 0x100;
  }

  int24(): number {
    return this.int16() + this.int8() * 0x1_0000;
  }

  int32(): number {
    return this.int16() + this.int16() * 0x1_0000;
  }

  /** As a bigint where a number could not tell it from its neighbours. */
  int64(): number | bigint {
    const low = this.int32();
    const value = this.int32() * 0x1_0000_0000 + low;
    return Number.isSafeInteger(value) ? value : this.buffer.readBigUInt64LE(this.at - 8);
  }

  signedInt64(): number | bigint {
    const low = this.int32();
    const value = (this.int32() | 0) * 0x1_0000_0000 + low;
    return Number.isSafeInteger(value) ? value : this.buffer.readBigInt64LE(this.at - 8);
  }

  float(): number {
    this.at += 4;
    return this.buffer.readFloatLE(this.at - 4);
  }

  double(): number {
    this.at += 8;
    return this.buffer.readDoubleLE(this.at - 8);
  }

  /** A length or count, which takes one byte where it is small. */
  length(): number {
    const first = this.int8();
    if (first < 0xfb) return first;
    if (first === 0xfc) return this.int16();
    if (first === 0xfd) return this.int24();
    return Number(this.int64());
  }

  text(): string {
    const end = this.length() + this.at;
    const start = this.at;
    this.at = end;
    if (end <= this.#rowEnd && this.#isAscii(start, end))
      return this.#row.slice(start - this.#rowStart, end - this.#rowStart);
    return (this.buffer as SlicedText).utf8Slice(start, end);
  }

  #isAscii(start: number, end: number): boolean {
    const { buffer } = this;
    let bits = 0;
    for (let at = start; at < end; at++) bits |= buffer[at] as number;
    return bits < 0x80;
  }

  /** A copy: the packet shares its memory with others that would stay alive with it. */
  bytes(): Buffer {
    const end = this.length() + this.at;
    const start = this.at;
    this.at = end;
    return Buffer.from(this.buffer.subarray(start, end));
  }

  skipText(): void {
    const length = this.length();
    this.at += length;
  }
}

const NOTHING = Buffer.alloc(0);
