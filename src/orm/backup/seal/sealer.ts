import { createCipheriv, randomBytes } from 'node:crypto';
import type { BackupKey } from './backup-key.js';
import { CHUNK_BYTES, CIPHER, MAGIC, nonceOf, Pieces, SALT_BYTES } from './sealed-format.js';

/** Seals one file while it is written: memory holds one chunk. */
export class Sealer {
  readonly #key: Buffer;
  readonly #pieces = new Pieces(CHUNK_BYTES);
  #header: Buffer | undefined;
  #chunks = 0;

  /** @param place what the file is; it must be named again to open it. */
  constructor(key: BackupKey, place: string) {
    const salt = randomBytes(SALT_BYTES);
    this.#key = key.fileKey(salt, place);
    this.#header = Buffer.concat([MAGIC, salt, key.check(salt)]);
  }

  push(bytes: Buffer): Buffer[] {
    return this.#behindHeader(this.#pieces.push(bytes).flatMap((piece) => this.#seal(piece, false)));
  }

  end(): Buffer[] {
    return this.#behindHeader(this.#seal(this.#pieces.last(), true));
  }

  #behindHeader(sealed: Buffer[]): Buffer[] {
    if (!this.#header || sealed.length === 0) return sealed;
    const header = this.#header;
    this.#header = undefined;
    return [header, ...sealed];
  }

  #seal(piece: Buffer, isLast: boolean): [sealed: Buffer, tag: Buffer] {
    const cipher = createCipheriv(CIPHER, this.#key, nonceOf(this.#chunks++, isLast));
    const sealed = cipher.update(piece);
    cipher.final();
    return [sealed, cipher.getAuthTag()];
  }
}

/** Seals what streams by. */
export async function* sealed(
  source: AsyncIterable<Uint8Array>,
  key: BackupKey,
  place: string,
): AsyncGenerator<Buffer> {
  const sealer = new Sealer(key, place);
  for await (const bytes of source) yield* sealer.push(bytes as Buffer);
  yield* sealer.end();
}
