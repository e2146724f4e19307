import { type Clock, systemClock } from '../../../base/clock.js';
import type { Logger, Metrics } from '../../../base/ports.js';
import { Repetition } from '../../../base/repetition.js';
import type { Database } from '../../../orm/index.js';
import { type AuditSink, auditedTables } from '../audit-logger.js';
import { readState, writeState } from '../chain/audit-state.js';
import { changeId } from '../events.js';
import type { AuditStore } from './audit-store.js';

/** A sink that tells whether what it was given has left this process. */
export interface GapSink extends AuditSink {
  flush(): Promise<void>;
  readonly buffered: number;
}

export interface ReconcilerOptions {
  database: Database;
  telemetry: Database;
  store: AuditStore;
  sink: GapSink;
  logger: Logger;
  metrics: Metrics;
  /** Time of the oldest event that is still on its way; what was written since may not be stored yet, and is left for later. */
  oldestOnItsWay(): Promise<number | undefined>;
  /** Default 10 min. */
  everyMs?: number;
  clock?: Clock;
}

const EVERY_MS = 600_000;
/** A transaction stamps its versions when it writes them, and may commit, and only then be told of, that much later, ms. */
const LONGEST_TRANSACTION_MS = 600_000;

/**
 * Finds versions in the histories that have no record, and publishes them: what a process wrote that was killed before it
 * could tell, and what was written past the ORM. Such a record has no request, only who and when.
 */
export class AuditReconciler {
  readonly #options: ReconcilerOptions;
  readonly #clock: Clock;
  readonly #runs: Repetition;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#runs = new Repetition(() => this.#runLogged(), options.everyMs ?? EVERY_MS);
  }

  start(): void {
    this.#runs.start();
  }

  stop(): Promise<void> {
    return this.#runs.stop();
  }

  /** Compares everything that was written since the last time. @returns how many versions had no record. */
  async runOnce(): Promise<number> {
    const { database, oldestOnItsWay, logger } = this.#options;
    const now = this.#clock.now();
    const until = new Date(Math.min(now, (await oldestOnItsWay()) ?? now) - LONGEST_TRANSACTION_MS);
    let found = 0;
    for (const [table, { hidden }] of auditedTables(database.entities)) {
      if (this.#runs.signal.aborted) break;
      found += await this.#compare(table, hidden, until).catch((error) => {
        logger.error({ err: error, table }, 'A history was not compared with the audit log'); // others are
        return 0;
      });
    }
    return found;
  }

  async #runLogged(): Promise<void> {
    await this.runOnce().catch((error) =>
      this.#options.logger.error({ err: error }, 'Histories were not compared with the audit log'),
    );
  }

  /** It is compared up to `until` only once all that was missing has left this process: else once more, next time. */
  async #compare(table: string, hidden: readonly string[], until: Date): Promise<number> {
    const { database, telemetry, sink, logger, metrics } = this.#options;
    const mark = `compared:${table}`;
    const on = { db: telemetry };
    const since = await readState(mark, on);
    let found = 0;
    let refused = 0;
    // A table that is new to the log is recorded from now on; what it was before stands in its history.
    const from = since === '' ? until : new Date(Date.parse(since) - LONGEST_TRANSACTION_MS);
    for await (const page of database.versionsBetween(table, { since: from, until })) {
      const published = await this.#publishMissing(table, hidden, page);
      found += published.found;
      refused += published.refused;
      if (this.#runs.signal.aborted) return found;
    }
    if (found > 0) await sink.flush();
    const isOut = refused === 0 && (found === 0 || sink.buffered === 0);
    if (isOut && (since === '' || Date.parse(since) < until.getTime())) await writeState(mark, until.toISOString(), on);
    if (found > 0) {
      metrics.increment('audit_gaps_filled_total', { table }, found);
      logger.warn({ table, versions: found }, 'Versions had no audit record; they get one now');
    }
    return found;
  }

  async #publishMissing(
    table: string,
    hidden: readonly string[],
    page: ReadonlyArray<{ id: string; version: number }>,
  ): Promise<{ found: number; refused: number }> {
    const { store, sink } = this.#options;
    const keys = new Map(page.map(({ id, version }) => [changeId(table, id, version), { id, version }]));
    const missing = await store.missing([...keys.keys()]);
    let refused = 0;
    for (const eventId of missing) {
      const key = keys.get(eventId);
      if (!key) continue;
      const at = new Date(this.#clock.now()).toISOString();
      const version = { table, rowId: key.id, version: key.version, action: 'update' as const, at };
      const isTaken = sink.push({ id: eventId, kind: 'change', ...version, ...(hidden.length > 0 && { hidden }) });
      if (!isTaken) refused += 1;
    }
    return { found: missing.length, refused };
  }
}
