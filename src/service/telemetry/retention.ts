import { jittered } from '../../base/backoff.js';
import { type Clock, systemClock } from '../../base/clock.js';
import type { Logger, Metrics } from '../../base/ports.js';
import { sleep } from '../../base/sleep.js';
import { type Database, entityMeta } from '../../orm/index.js';
import type { KernelSettings } from '../settings/settings.js';
import type { RetentionRule } from './telemetry-room.js';

export interface RetentionOptions {
  rules: readonly RetentionRule[];
  days: KernelSettings['telemetry']['retention'];
  telemetry: Database;
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
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  start(): void {
    this.#loop ??= this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  /** @returns how many records went, by table. */
  async runOnce(): Promise<Record<string, number>> {
    const removed: Record<string, number> = {};
    for (const rule of this.#options.rules) {
      const days = this.#options.days[rule.setting];
      if (days === null || days === undefined) continue;
      removed[rule.entity.name] = await this.#trim(rule, new Date(this.#clock.now() - days * DAY_MS));
    }
    return removed;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.runOnce().catch((error) => this.#options.logger.error({ err: error }, 'Old records were not removed'));
      await sleep(jittered(EVERY_MS, 0.2), signal).catch(() => {});
    }
  }

  async #trim(rule: RetentionRule, before: Date): Promise<number> {
    const { telemetry, metrics } = this.#options;
    const trim = rule.trim ?? ((db: Database, moment: Date) => trimByField(rule, db, moment));
    let removed = 0;
    while (!this.#stopping.signal.aborted) {
      const some = await trim(telemetry, before);
      removed += some;
      if (some === 0) break;
      metrics.increment('telemetry_records_trimmed_total', { entity: rule.entity.name }, some);
      await sleep(PAUSE_MS, this.#stopping.signal).catch(() => {});
    }
    return removed;
  }
}

async function trimByField({ entity, field }: RetentionRule, db: Database, before: Date): Promise<number> {
  const { table } = entityMeta(entity);
  const old = await db.findEntities(table, {
    where: { [field]: { lt: before } },
    orderBy: { [field]: 'asc' },
    limit: ROWS_AT_A_TIME,
  });
  return old.length === 0 ? 0 : db.deleteEntities(table, { id: { in: old.map(({ id }) => id) } });
}
