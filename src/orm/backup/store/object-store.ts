/** A file that a store keeps. */
export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  /** When it was written, ms. */
  readonly writtenAt: number;
}

/** Somewhere else, where backups outlive this machine. Keys are paths with `/`. */
export interface ObjectStore {
  /** For people: where it is, without what opens it. */
  readonly label: string;
  list(prefix: string): Promise<StoredObject[]>;
  /**
   * Stores what streams by, whole or not at all.
   * @param bytes how long it is.
   */
  put(key: string, source: AsyncIterable<Uint8Array>, bytes: number): Promise<void>;
  /** @throws NotFoundError */
  get(key: string): Promise<AsyncIterable<Uint8Array>>;
  remove(keys: readonly string[]): Promise<void>;
  close(): void;
}
