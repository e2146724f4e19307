import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ConflictError } from '../../../base/errors.js';
import type { Logger } from '../../../base/ports.js';
import type { BackupRetention } from '../backup-options.js';
import { checked } from '../files/checked.js';
import { syncPath, writeDurably } from '../files/durable-files.js';
import { findFile, placeFor, readFileOf, type Shelf } from '../files/shelf.js';
import { sumOf } from '../files/sum.js';
import { unfinishedName } from '../files/unfinished.js';
import { type BackupEntry, entryOf, newestFirst, VERIFICATION_FILE, verificationOf } from '../list-backups.js';
import { type BackupFile, MANIFEST_FILE } from '../manifest/manifest.js';
import { nativeFileOf } from '../manifest/native-file.js';
import { manifestOf, notFound, readManifest } from '../manifest/read-manifest.js';
import { expired } from '../retention.js';
import type { ObjectStore } from './object-store.js';
import { type FileTimes, StoredFiles } from './stored-files.js';

/** What was begun so long ago nobody goes on with. */
const ABANDONED_MS = 24 * 3600 * 1000;

const STORED = { places: ['store'], path: null, native: null } as const;

/** The backups that a store has. One without a manifest is not complete: that comes last and goes first. */
export class OffsiteBackups {
  readonly #files: StoredFiles;
  readonly #shelf: Shelf;
  readonly #logger: Logger;
  /** Manifests never change, and each costs a request. */
  readonly #known = new Map<string, Omit<BackupEntry, 'verification'>>();

  /** @param shelf where backups are sent from and fetched to; what leaves it is sealed where it has a key. */
  constructor(store: ObjectStore, shelf: Shelf, logger: Logger) {
    this.#files = new StoredFiles(store, shelf.key);
    this.#shelf = shelf;
    this.#logger = logger;
  }

  /**
   * Sends a backup that is complete here; one that is there already stays.
   * @throws ConflictError where another one has its name, BackupCorruptError where it is damaged here.
   */
  async send(name: string): Promise<void> {
    const { folder } = this.#shelf;
    const manifest = await readManifest(this.#shelf, name);
    if (this.#files.has((await this.#files.byName()).get(name), MANIFEST_FILE)) {
      const there = await manifestOf(await this.#files.read(name, MANIFEST_FILE), name);
      if (JSON.stringify(there) === JSON.stringify(manifest)) return;
      throw new ConflictError(`The store has another backup of the name ${name}`);
    }
    for (const file of manifest.tables) await this.#sendFile(name, join(folder, name), file);
    const native = nativeFileOf(manifest);
    if (native && (await findFile(folder, native.file))) await this.#sendFile(name, folder, native);
    await this.#sendNote(name, VERIFICATION_FILE);
    await this.#sendNote(name, MANIFEST_FILE);
  }

  /** Sends what a verification has found of a backup that is there. */
  async sendVerification(name: string): Promise<void> {
    if (this.#files.has((await this.#files.byName()).get(name), MANIFEST_FILE))
      await this.#sendNote(name, VERIFICATION_FILE);
  }

  /** Complete backups, newest first. */
  async list(): Promise<BackupEntry[]> {
    return this.#entries(await this.#files.byName());
  }

  /** Brings a backup to this machine. @throws NotFoundError, BackupCorruptError where it is not what was sent */
  async fetch(name: string): Promise<void> {
    const { folder } = this.#shelf;
    const files = (await this.#files.byName()).get(name);
    if (!this.#files.has(files, MANIFEST_FILE)) throw notFound(name);
    const manifest = await manifestOf(await this.#files.read(name, MANIFEST_FILE), name);
    const work = join(folder, unfinishedName('fetched'));
    await mkdir(work, { recursive: true, mode: 0o700 });
    try {
      for (const file of manifest.tables) await this.#fetchFile(name, work, file);
      if (this.#files.has(files, VERIFICATION_FILE))
        await writeDurably(
          { path: join(work, VERIFICATION_FILE) },
          await this.#files.readNote(name, VERIFICATION_FILE),
        );
      const native = nativeFileOf(manifest);
      if (native && this.#files.has(files, native.file)) await this.#fetchNative(name, work, native);
      await writeDurably(placeFor(this.#shelf, work, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
      await syncPath(work);
      await rename(work, join(folder, name)).catch(unlessThere); // another request has been quicker
      await syncPath(folder);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
    this.#logger.info({ backup: name }, 'A backup was fetched from the store');
  }

  /**
   * Removes what no rule keeps, and what was begun long ago and never completed.
   * @param made what has just been made, which stays.
   */
  async prune(retention: BackupRetention, now: number, made: string): Promise<void> {
    const byName = await this.#files.byName();
    const gone = new Set(expired(await this.#entries(byName), retention, now, made).map(({ name }) => name));
    for (const [name, files] of byName) {
      const isAbandoned =
        !this.#files.isComplete(files) && [...files.values()].every((writtenAt) => now - writtenAt > ABANDONED_MS);
      if (!gone.has(name) && !isAbandoned) continue;
      await this.#files.remove(name, files);
      this.#known.delete(name);
    }
  }

  close(): void {
    this.#files.close();
  }

  async #entries(byName: ReadonlyMap<string, FileTimes>): Promise<BackupEntry[]> {
    const entries: BackupEntry[] = [];
    for (const [name, files] of byName) {
      if (!this.#files.isComplete(files)) continue;
      try {
        entries.push(await this.#entry(name, files));
      } catch (error) {
        this.#logger.warn({ err: error, backup: name }, 'A stored backup cannot be read and is not listed');
      }
    }
    return entries.sort(newestFirst);
  }

  async #entry(name: string, files: FileTimes): Promise<BackupEntry> {
    const known = this.#known.get(name) ?? {
      ...entryOf(await manifestOf(await this.#files.read(name, MANIFEST_FILE), name)),
      ...STORED,
    };
    this.#known.set(name, known);
    const isVerified = this.#files.has(files, VERIFICATION_FILE);
    const note = isVerified ? await this.#files.readNote(name, VERIFICATION_FILE) : undefined;
    return { ...known, verification: verificationOf(note) };
  }

  async #sendFile(name: string, folder: string, expected: BackupFile): Promise<void> {
    const found = await findFile(folder, expected.file);
    if (!found) throw notFound(`${name}/${expected.file}`);
    const source = checked(readFileOf(this.#shelf, found, expected.file), expected.file, expected);
    await this.#files.put(name, expected.file, source, expected.bytes);
  }

  /** A small file that no checksum is known of. */
  async #sendNote(name: string, file: string): Promise<void> {
    const found = await findFile(join(this.#shelf.folder, name), file);
    if (!found) return;
    const { bytes } = await sumOf(readFileOf(this.#shelf, found, file));
    await this.#files.put(name, file, readFileOf(this.#shelf, found, file), bytes);
  }

  async #fetchFile(name: string, folder: string, expected: BackupFile): Promise<void> {
    const source = checked(await this.#files.read(name, expected.file), expected.file, expected);
    await writeDurably(placeFor(this.#shelf, folder, expected.file), source);
  }

  async #fetchNative(name: string, work: string, native: BackupFile): Promise<void> {
    await this.#fetchFile(name, work, native);
    const { folder } = this.#shelf;
    await rename(placeFor(this.#shelf, work, native.file).path, placeFor(this.#shelf, folder, native.file).path);
  }
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
}
