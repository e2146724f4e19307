import { type RedisClient, runScript } from '../../redis/index.js';
import type { QueueKeys } from '../format/queue-keys.js';
import { firstTick, nextTick } from './cron.js';
import { type Schedule, shownSchedule, tickEntry, tickJobId, unpackSchedule } from './schedule.js';
import { DROP_SCHEDULE, DUE_SCHEDULES, FIRE_SCHEDULE, PUT_SCHEDULE } from './schedule-scripts.js';

/** A time that is past for longer was missed: nobody was there to act upon it. */
const MISSED_MS = 60_000;

interface DueSchedule {
  id: string;
  text: string;
  tick: number;
}

/** The schedules of one queue. Any worker may act upon them; for each time one of them does. */
export class Schedules {
  readonly #redis: RedisClient;
  readonly #keys: QueueKeys;

  constructor(redis: RedisClient, keys: QueueKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Makes the schedule, or changes the one of this id; answers the job it starts next. */
  async put(scheduleId: string, text: string): Promise<{ jobId: string; existed: boolean }> {
    const first = await this.#first(text);
    const args = [scheduleId, text, first];
    const [tick, existed] = (await runScript(this.#redis, PUT_SCHEDULE, [this.#keys.base], args)) as [string, number];
    return { jobId: tickJobId(scheduleId, Number(tick)), existed: existed === 1 };
  }

  /** The job that a new schedule would start next. */
  async nextJobId(scheduleId: string, text: string): Promise<string> {
    return tickJobId(scheduleId, await this.#first(text));
  }

  async drop(scheduleId: string): Promise<boolean> {
    return (await runScript(this.#redis, DROP_SCHEDULE, [this.#keys.base], [scheduleId])) === 1;
  }

  /** All of them, the next one first. */
  async list(): Promise<Schedule[]> {
    const ticks = await this.#redis.zrange(this.#keys.ticks, 0, -1, 'WITHSCORES');
    const ids = ticks.filter((_, i) => i % 2 === 0);
    if (ids.length === 0) return [];
    const texts = await this.#redis.hmget(this.#keys.schedules, ...ids);
    return ids.flatMap((id, i) => {
      const text = texts[i];
      return text ? [shownSchedule(id, text, Number(ticks[2 * i + 1]))] : [];
    });
  }

  /** Starts the jobs whose time has come; answers how long it is until the next time, ms, if there is one. */
  async fireDue(): Promise<number | undefined> {
    const reply = (await runScript(this.#redis, DUE_SCHEDULES, [this.#keys.base])) as string[];
    const [now = '', next = '', ...found] = reply;
    const due = found.flatMap((id, i): DueSchedule[] =>
      i % 3 === 0 ? [{ id, text: found[i + 1] ?? '', tick: Number(found[i + 2]) }] : [],
    );
    for (const schedule of due) await this.#fire(schedule, Number(now));
    if (due.length > 0) return 0;
    return next === '' ? undefined : Number(next) - Number(now);
  }

  async #first(text: string): Promise<number> {
    const { cron, timezone } = unpackSchedule(text);
    const [seconds] = await this.#redis.time();
    return firstTick(cron, timezone, Number(seconds) * 1000);
  }

  async #fire({ id, text, tick }: DueSchedule, now: number): Promise<void> {
    const { cron, timezone, missed, envelope } = unpackSchedule(text);
    const next = (await nextTick(cron, timezone, Math.max(tick, now))) ?? '';
    const jobId = tickJobId(id, tick);
    const starts = missed === 'run' || now - tick <= MISSED_MS;
    const args = [id, text, tick, next, jobId, starts ? envelope : '', tickEntry(envelope, jobId)];
    await runScript(this.#redis, FIRE_SCHEDULE, [this.#keys.base], args);
  }
}
