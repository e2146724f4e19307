import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { KernelError } from '../../base/errors.js';
import type { ByteRange } from './byte-range.js';

const CHUNK_BYTES = 64 * 1024;

/**
 * The bytes of an open file, all that were promised or an error: behind fewer of them a client would take the beginning of
 * the next answer for the rest. Closes the file.
 */
export class FileBytes extends Readable {
  readonly #handle: FileHandle;
  readonly #end: number;
  #position: number;

  constructor(handle: FileHandle, { start, end }: ByteRange) {
    super({ highWaterMark: CHUNK_BYTES });
    this.#handle = handle;
    this.#position = start;
    this.#end = end;
  }

  override _read(): void {
    const wanted = Math.min(CHUNK_BYTES, this.#end + 1 - this.#position);
    if (wanted <= 0) {
      this.push(null);
      return;
    }
    this.#handle.read(Buffer.allocUnsafe(wanted), 0, wanted, this.#position).then(
      ({ bytesRead, buffer }) => this.#pass(buffer.subarray(0, bytesRead)),
      (error: Error) => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#handle.close().then(
      () => callback(error),
      (fault: Error) => callback(error ?? fault), // what still reads is waited for
    );
  }

  #pass(bytes: Buffer): void {
    this.#position += bytes.length;
    if (bytes.length > 0) this.push(bytes);
    else this.destroy(new KernelError('E_FILE_CUT', 'A file became shorter while it was sent'));
  }
}
