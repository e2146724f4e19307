import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Database } from 'better-sqlite3';
import { jittered } from '../../base/backoff.js';
import { ConnectionError, TimeoutError } from '../../base/errors.js';
import { sleep } from '../../base/sleep.js';
import type {
  AcquireOptions,
  BeginOptions,
  Connection,
  DirectStatements,
  Driver,
  PoolStats,
  Purpose,
  RawRow,
} from '../dialect/driver.js';
import { SqliteConnection } from './connection.js';
import { UnlessBusy } from './direct-statements.js';
import { isBusy, mapSqliteError } from './errors.js';
import { FifoLock } from './fifo-lock.js';
import { MEMORY } from './url.js';

const MAX_SNAPSHOTS = 4;
/** The driver's own wait blocks the event loop; longer waits for another process are slept outside of it. */
const BUSY_TIMEOUT_MS = 20;
const OPEN_BUSY_TIMEOUT_MS = 5_000;
const BUSY_PAUSE_MS = 15;

type OpenHandle = (readonly: boolean) => Database;

/** Waits for another process's write transaction without blocking the event loop. */
class PatientConnection extends SqliteConnection {
  readonly #timeoutMs: number;
  #waiting: AbortController | undefined;

  constructor(database: Database, timeoutMs: number) {
    super(database);
    this.#timeoutMs = timeoutMs;
  }

  override begin(options: BeginOptions): Promise<void> {
    return this.#patiently(() => super.begin(options), options.signal);
  }

  override all(sql: string, params: readonly unknown[], bigints?: boolean): Promise<RawRow[]> {
    return this.inTransaction
      ? super.all(sql, params, bigints)
      : this.#patiently(() => super.all(sql, params, bigints));
  }

  override run(sql: string, params: readonly unknown[]): Promise<number> {
    return this.inTransaction ? super.run(sql, params) : this.#patiently(() => super.run(sql, params));
  }

  /** Ends a wait, so that the statement never runs. */
  stopWaiting(): void {
    this.#waiting?.abort();
  }

  async #patiently<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error)) throw error;
      return this.#whenFree(work, signal);
    }
  }

  async #whenFree<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const deadline = performance.now() + this.#timeoutMs;
    const waiting = new AbortController();
    this.#waiting = waiting;
    const ended = signal ? AbortSignal.any([signal, waiting.signal]) : waiting.signal;
    try {
      for (;;) {
        await sleep(jittered(BUSY_PAUSE_MS, 0.5), ended);
        try {
          return await work();
        } catch (error) {
          if (!isBusy(error)) throw error;
          if (performance.now() > deadline) throw keptLocked(this.#timeoutMs, error);
        }
      }
    } finally {
      this.#waiting = undefined;
    }
  }
}

function keptLocked(timeoutMs: number, cause: unknown): TimeoutError {
  return new TimeoutError(`Another process has kept the database file locked for ${timeoutMs} ms`, { cause });
}

/**
 * One writing connection, held by one transaction at a time, and reading ones beside it, so that a read never waits for
 * an open transaction. In memory there is one connection only, and everything takes turns.
 */
export class SqliteDriver implements Driver {
  readonly #open: OpenHandle;
  readonly #timeoutMs: number;
  readonly #writer: PatientConnection;
  readonly #lock = new FifoLock('the writing connection', () => this.#writer.statements.lastSql);
  readonly #reader: SqliteConnection | undefined;
  readonly #directWriter: DirectStatements;
  readonly #directReader: DirectStatements | undefined;
  readonly #idle: SqliteConnection[] = [];
  readonly #slots: FifoLock[] = [];
  readonly #slotOf = new Map<Connection, FifoLock>();
  #closed = false;

  constructor(open: OpenHandle, memory: boolean, timeoutMs: number) {
    this.#open = open;
    this.#timeoutMs = timeoutMs;
    this.#writer = new PatientConnection(open(false), timeoutMs);
    try {
      this.#reader = memory ? undefined : new SqliteConnection(open(true));
    } catch (error) {
      this.#writer.close();
      throw error;
    }
    this.#directWriter = new UnlessBusy(this.#writer);
    this.#directReader = this.#reader && new UnlessBusy(this.#reader);
    if (!memory) this.#slots = Array.from({ length: MAX_SNAPSHOTS }, () => this.#slot());
  }

  /** The connection that single reads share is not counted: nobody waits for it. */
  stats(): PoolStats {
    const locks = [this.#lock, ...this.#slots];
    const inUse = locks.filter((lock) => lock.held).length;
    const waiting = locks.reduce((sum, lock) => sum + lock.waiting, 0);
    return { size: locks.length, idle: locks.length - inUse, inUse, waiting };
  }

  purposeOf(sql: string): 'read' | 'write' {
    return (this.#reader ?? this.#writer).statements.readsOnly(sql) ? 'read' : 'write';
  }

  acquire(purpose: Purpose, options: AcquireOptions): Connection | Promise<Connection> {
    if (this.#closed) throw new ConnectionError('The database is closed');
    if (purpose === 'read' && this.#reader) return this.#reader;
    if (purpose === 'snapshot' && this.#reader) return this.#acquireSnapshot(options);
    if (this.#lock.tryAcquire()) return this.#writer;
    return this.#lock.acquire(options).then(() => this.#writer);
  }

  direct(purpose: 'read' | 'write'): DirectStatements | undefined {
    if (this.#closed) return undefined;
    if (purpose === 'read' && this.#directReader) return this.#directReader;
    return this.#lock.held ? undefined : this.#directWriter;
  }

  release(connection: Connection): void {
    if (connection === this.#writer) this.#lock.release();
    const slot = this.#slotOf.get(connection);
    if (!slot) return;
    this.#slotOf.delete(connection);
    this.#idle.push(connection as SqliteConnection);
    slot.release();
  }

  /** A statement runs on this very thread, so that nobody can ask for its end while it does; only a wait can be ended. */
  async cancel(connection: Connection): Promise<void> {
    if (connection === this.#writer) this.#writer.stopWaiting();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const patience = { timeoutMs: this.#timeoutMs };
    await Promise.all([this.#lock.acquire(patience), ...this.#slots.map((slot) => slot.acquire(patience))]);
    for (const connection of [...this.#idle, this.#reader, this.#writer]) connection?.close();
  }

  #slot(): FifoLock {
    const slot: FifoLock = new FifoLock('a reading connection', () => {
      for (const [connection, own] of this.#slotOf)
        if (own === slot) return (connection as SqliteConnection).statements.lastSql;
      return '';
    });
    return slot;
  }

  async #acquireSnapshot(options: AcquireOptions): Promise<Connection> {
    const slot = this.#slots.find((candidate) => !candidate.held) ?? (this.#slots[0] as FifoLock);
    await slot.acquire(options);
    const connection = this.#idle.pop() ?? new SqliteConnection(this.#open(true));
    this.#slotOf.set(connection, slot);
    return connection;
  }
}

/** Opens the file, creating its directory when it is missing. The driver package is loaded here and nowhere else. */
export async function openSqlite(file: string, timeoutMs: number): Promise<SqliteDriver> {
  const { default: Sqlite } = await import('better-sqlite3');
  const memory = file === MEMORY;
  if (!memory) makeFolder(file);

  const open: OpenHandle = (readonly) => {
    const database = new Sqlite(file, { readonly, timeout: OPEN_BUSY_TIMEOUT_MS });
    try {
      if (!memory && !readonly) database.pragma('journal_mode = WAL');
      database.pragma('synchronous = FULL');
      database.pragma('foreign_keys = ON');
      database.pragma('case_sensitive_like = ON'); // text compares by binary value on every engine
      database.pragma('trusted_schema = OFF');
      database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
      return database;
    } catch (error) {
      database.close(); // a full disk may stand against the first of them
      throw error;
    }
  };
  try {
    return new SqliteDriver(open, memory, timeoutMs);
  } catch (error) {
    throw mapSqliteError(error, '');
  }
}

function makeFolder(file: string): void {
  try {
    mkdirSync(resolve(dirname(file)), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new ConnectionError(`The folder of the SQLite file ${file} cannot be made; name another path`, {
      cause: error,
    });
  }
}
