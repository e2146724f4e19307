/**
 * A statement that takes the server no longer than this is short. Sharing a connection saves each about 0.03 ms of work
 * on either side, and costs those behind it its run; a commit that waits for a disk takes longer, and is better off on a
 * connection of its own, where the server writes many of them to the disk at once.
 */
const SHORT_MS = 0.5;
/** A run that took this long is no accident of a busy machine. */
const LONG_MS = 5;
/** What the fastest run took counts for less with every run that is slower: after eight of them, twice as much. */
const FORGETTING = 1.1;
const MAX_STATEMENTS = 2_000;

/** How long statements take, by their text, on whichever connection. */
export class Pace {
  readonly #fastest = new Map<string, number>();
  /** How long it takes there and back, ms. */
  #tripMs = Number.POSITIVE_INFINITY;

  /** Whether the statement is known to be short; one that was never seen is not. */
  isShort(sql: string): boolean {
    const fastest = this.#fastest.get(sql);
    return fastest !== undefined && fastest <= this.#tripMs + SHORT_MS;
  }

  /** An answer that takes longer, ms, is none of a short statement. */
  get patienceMs(): number {
    return this.#tripMs + LONG_MS;
  }

  /** @param alone whether nothing else was on the way when the statement was sent. */
  note(sql: string, tookMs: number, alone: boolean): void {
    if (alone && tookMs < this.#tripMs) this.#tripMs = tookMs;
    const before = this.#fastest.get(sql);
    if (before === undefined && this.#fastest.size >= MAX_STATEMENTS) return;
    const accident = before !== undefined && tookMs <= this.patienceMs;
    this.#fastest.set(sql, accident ? Math.min(tookMs, before * FORGETTING) : tookMs);
  }
}
