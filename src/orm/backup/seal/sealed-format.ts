/**
 * A sealed file: magic, salt, a check of the key, then the text in chunks that are encrypted and authenticated one by one
 * (AES-256-GCM). A chunk's nonce is its number and whether it is the last, so that chunks that are missing, swapped or
 * changed do not open.
 */
export const MAGIC = Buffer.from('AKSEAL01');
export const SALT_BYTES = 32;
const CHECK_BYTES = 16;
export const HEADER_BYTES = MAGIC.length + SALT_BYTES + CHECK_BYTES;
export const CHUNK_BYTES = 64 * 1024;
export const TAG_BYTES = 16;
export const CIPHER = 'aes-256-gcm';

const NONCE_BYTES = 12;

export function nonceOf(chunk: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUIntBE(chunk, 5, 6);
  nonce[NONCE_BYTES - 1] = isLast ? 1 : 0;
  return nonce;
}

/** How long a file is once it is sealed. */
export function sealedLength(bytes: number): number {
  return HEADER_BYTES + bytes + Math.max(1, Math.ceil(bytes / CHUNK_BYTES)) * TAG_BYTES;
}

/** Bytes that come in pieces of any size and go on in pieces of one size. */
export class Pieces {
  readonly #size: number;
  #waiting: Buffer[] = [];
  #length = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** @returns every piece that is complete and is not the last, for more has come behind it. */
  push(bytes: Buffer): Buffer[] {
    this.#waiting.push(bytes);
    this.#length += bytes.length;
    if (this.#length <= this.#size) return [];
    const all = this.#waiting.length === 1 ? bytes : Buffer.concat(this.#waiting);
    const pieces: Buffer[] = [];
    let at = 0;
    for (; all.length - at > this.#size; at += this.#size) pieces.push(all.subarray(at, at + this.#size));
    this.#waiting = [all.subarray(at)];
    this.#length = all.length - at;
    return pieces;
  }

  last(): Buffer {
    return Buffer.concat(this.#waiting);
  }
}
