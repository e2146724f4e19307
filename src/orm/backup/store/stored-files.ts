import { type Shelf, sealedName } from '../files/shelf.js';
import { isBackupName } from '../manifest/backup-name.js';
import { MANIFEST_FILE } from '../manifest/manifest.js';
import { sealedLength } from '../seal/sealed-format.js';
import { sealed } from '../seal/sealer.js';
import { unsealed } from '../seal/unsealed.js';
import type { ObjectStore } from './object-store.js';

const MAX_NOTE_BYTES = 1024 * 1024;
const MANIFESTS = [MANIFEST_FILE, sealedName(MANIFEST_FILE)];

/** The files of one stored backup as they are called there, and when each was written, ms. */
export type FileTimes = ReadonlyMap<string, number>;

/** The files of backups in a store, as `<name>/<file>`: sealed where there is a key, and then nothing else counts. */
export class StoredFiles {
  readonly #store: ObjectStore;
  readonly #key: Shelf['key'];

  constructor(store: ObjectStore, key: Shelf['key']) {
    this.#store = store;
    this.#key = key;
  }

  async byName(): Promise<Map<string, Map<string, number>>> {
    const byName = new Map<string, Map<string, number>>();
    for (const { key, writtenAt } of await this.#store.list('')) {
      const [name = '', file, ...deeper] = key.split('/');
      if (!isBackupName(name) || !file || deeper.length > 0) continue;
      const files = byName.get(name) ?? new Map<string, number>();
      byName.set(name, files.set(file, writtenAt));
    }
    return byName;
  }

  /** Whether the file is there, in the way in which we would read it. */
  has(files: FileTimes | undefined, file: string): boolean {
    return files?.has(this.#wireName(file)) ?? false;
  }

  /** Whether all of a backup was sent, in whatever way. */
  isComplete(files: FileTimes): boolean {
    return MANIFESTS.some((file) => files.has(file));
  }

  async put(name: string, file: string, source: AsyncIterable<Buffer>, bytes: number): Promise<void> {
    const key = this.#key;
    const leaving = key ? sealed(source, key, file) : source;
    await this.#store.put(`${name}/${this.#wireName(file)}`, leaving, key ? sealedLength(bytes) : bytes);
  }

  async read(name: string, file: string): Promise<AsyncIterable<Buffer>> {
    const source = (await this.#store.get(`${name}/${this.#wireName(file)}`)) as AsyncIterable<Buffer>;
    return this.#key ? unsealed(source, this.#key, file) : source;
  }

  /** A small file as text; what is longer is cut off. */
  async readNote(name: string, file: string): Promise<string> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const bytes of await this.read(name, file)) {
      chunks.push(bytes);
      length += bytes.length;
      if (length > MAX_NOTE_BYTES) break;
    }
    return Buffer.concat(chunks).toString();
  }

  /** The manifest goes first, so that what is half removed is not complete. */
  async remove(name: string, files: FileTimes): Promise<void> {
    const manifests = MANIFESTS.filter((file) => files.has(file));
    const others = [...files.keys()].filter((file) => !MANIFESTS.includes(file));
    for (const some of [manifests, others])
      if (some.length > 0) await this.#store.remove(some.map((file) => `${name}/${file}`));
  }

  close(): void {
    this.#store.close();
  }

  #wireName(file: string): string {
    return this.#key ? sealedName(file) : file;
  }
}
