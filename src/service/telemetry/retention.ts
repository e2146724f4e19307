import { type Clock, systemClock } from '../../base/clock.js';
import type { Logger, Metrics } from '../../base/ports.js';
import { Repetition } from '../../base/repetition.js';
import { sleep } from '../../base/sleep.js';
import { type Database, entityMeta } from '../../orm/index.js';
import type { KernelSettings } from '../settings/settings.js';
import type { RetentionRule } from './telemetry-room.js';

export interface RetentionOptions {
  /** Those whose tables are not in `db` are passed over. */
  rules: readonly RetentionRule[];
  days: KernelSettings['telemetry']['retention'];
  db: Database;
  logger: Logger;
  metrics: Metrics;
  clock?: Clock;
}

const DAY_MS = 86_400_000;
const EVERY_MS = 3_600_000;
/** Small, so that locks are short; any number of instances may trim at once. */
const ROWS_AT_A_TIME = 1_000;
const PAUSE_MS = 50;

/** Removes records that are older than they are to be kept, once an hour. */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #clock: Clock;
  readonly #runs = new Repetition(() => this.runOnce(), EVERY_MS);

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  start(): void {
    this.#runs.start();
  }

  stop(): Promise<void> {
    return this.#runs.stop();
  }

  /** What fails for one table is logged and keeps no other from its turn. @returns how many records went, by entity. */
  async runOnce(): Promise<Record<string, number>> {
    const { rules, days, db, logger } = this.#options;
    const removed: Record<string, number> = {};
    for (const rule of rules.filter(({ entity }) => db.entities.includes(entity))) {
      const kept = days[rule.setting];
      if (kept === null) continue;
      const { name } = rule.entity;
      try {
        removed[name] = (removed[name] ?? 0) + (await this.#trim(rule, new Date(this.#clock.now() - kept * DAY_MS)));
      } catch (error) {
        logger.error({ err: error, entity: name }, 'Old records were not removed');
      }
    }
    return removed;
  }

  async #trim(rule: RetentionRule, before: Date): Promise<number> {
    const { db, metrics } = this.#options;
    const trim = rule.trim ?? ((on: Database, moment: Date) => trimByField(rule, on, moment));
    let removed = 0;
    while (!this.#runs.signal.aborted) {
      const some = await trim(db, before);
      removed += some;
      if (some === 0) break;
      metrics.increment('telemetry_records_trimmed_total', { entity: rule.entity.name }, some);
      await sleep(PAUSE_MS, this.#runs.signal).catch(() => {});
    }
    return removed;
  }
}

async function trimByField({ entity, field }: RetentionRule, db: Database, before: Date): Promise<number> {
  const { table } = entityMeta(entity);
  const old = await db.findEntities(table, {
    where: { [field]: { lt: before } },
    select: ['id'], // records may be large
    includeDeleted: true,
    orderBy: { [field]: 'asc' },
    limit: ROWS_AT_A_TIME,
  });
  return old.length === 0
    ? 0
    : db.deleteEntities(table, { id: { in: old.map(({ id }) => id) } }, { includeDeleted: true });
}
