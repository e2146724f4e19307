import type { RedisClient } from '../../redis/index.js';
import { parseClaim, parseEntry } from '../format/entry.js';
import { finishedJob, JOB_STATUSES, type Job, type JobStatus, type LiveJob, liveJob } from '../format/job.js';
import type { QueueKeys } from '../format/queue-keys.js';
import { assertOneOf } from './queue-options.js';
import { waitingLists } from './queue-stats.js';

export interface ListOptions {
  status?: JobStatus | undefined;
  task?: string | undefined;
  userId?: string | undefined;
  /** Default 50. */
  limit?: number | undefined;
  offset?: number | undefined;
}

/** Most jobs of one state that a list looks at: it is a view for people, not a scan of a million jobs. */
const WINDOW = 1000;

type Place = Omit<LiveJob, 'envelopeText' | 'live'>;

/** Reads many jobs at once: running ones first, then waiting ones, then those that ended, newest first. */
export class JobLists {
  readonly #redis: RedisClient;
  readonly #keys: QueueKeys;
  readonly #queueName: string;

  constructor(redis: RedisClient, keys: QueueKeys, queueName: string) {
    this.#redis = redis;
    this.#keys = keys;
    this.#queueName = queueName;
  }

  /** `total` counts the matches among the newest 1000 jobs of each state. */
  async list(options: ListOptions = {}): Promise<{ jobs: Job[]; total: number }> {
    if (options.status !== undefined) assertOneOf('status', options.status, JOB_STATUSES);
    const jobs = await this.#inState(options.status);
    const matches = jobs.filter(
      (job) =>
        (!options.status || job.status === options.status) &&
        (!options.task || job.taskName === options.task) &&
        (!options.userId || job.userId === options.userId),
    );
    const offset = options.offset ?? 0;
    return { jobs: matches.slice(offset, offset + (options.limit ?? 50)), total: matches.length };
  }

  /** Dead letters, newest first. */
  async dead(offset: number, limit: number): Promise<Job[]> {
    const ids = await this.#redis.zrevrange(this.#keys.graveyard, offset, offset + limit - 1);
    return this.#shown(ids, ids.length > 0 ? await this.#redis.mget(ids.map(this.#keys.dead)) : []);
  }

  async #inState(status: JobStatus | undefined): Promise<Job[]> {
    switch (status) {
      case 'running':
        return this.#live(await this.#running());
      case 'queued':
        return this.#live(await this.#waiting());
      case 'failed':
        return this.dead(0, WINDOW);
      case 'succeeded':
      case 'cancelled':
        return this.#finished();
      default: {
        const live = await this.#live([...(await this.#running()), ...(await this.#waiting())]);
        const ended = [...(await this.#finished()), ...(await this.dead(0, WINDOW))];
        return [...live, ...ended.sort((a, b) => Number(b.completedAt) - Number(a.completedAt))];
      }
    }
  }

  async #running(): Promise<Place[]> {
    const workers = await this.#redis.zrange(this.#keys.workers, 0, -1);
    const lists = await Promise.all(workers.map((id) => this.#redis.lrange(this.#keys.processing(id), 0, -1)));
    return lists.flat().map((text) => {
      const claim = parseClaim(text);
      return { id: claim.id, entry: claim, claimedAt: new Date(claim.claimedAtMs) };
    });
  }

  async #waiting(): Promise<Place[]> {
    const parked = await this.#redis.smembers(this.#keys.parked);
    const lists = await Promise.all(
      waitingLists(this.#keys, parked).map((list) => this.#redis.lrange(list, -WINDOW, -1)),
    );
    const delayed = await this.#redis.zrange(this.#keys.delayed, 0, WINDOW - 1, 'WITHSCORES');
    const ready = lists.flatMap((list) => list.reverse()).map((text) => placeOf(text));
    const later = delayed.flatMap((text, i) => (i % 2 ? [] : [placeOf(text, new Date(Number(delayed[i + 1])))]));
    return [...ready, ...later];
  }

  async #finished(): Promise<Job[]> {
    const lines = await this.#redis.lrange(this.#keys.finished, -WINDOW, -1);
    const ids = lines.reverse().map((line) => line.slice(line.indexOf(':') + 1));
    return this.#shown(ids, ids.length > 0 ? await this.#redis.hmget(this.#keys.results, ...ids) : []);
  }

  async #live(places: readonly Place[]): Promise<Job[]> {
    if (places.length === 0) return [];
    const envelopes = await this.#redis.hmget(this.#keys.jobs, ...places.map(({ id }) => id));
    const changes = await Promise.all(places.map(({ id }) => this.#redis.hgetall(this.#keys.live(id))));
    return places.flatMap((place, i) => {
      const envelopeText = envelopes[i];
      return envelopeText ? [liveJob(this.#queueName, { ...place, envelopeText, live: changes[i] ?? {} })] : [];
    });
  }

  #shown(ids: readonly string[], records: ReadonlyArray<string | null>): Job[] {
    return ids.flatMap((id, i) => {
      const record = records[i];
      return record ? [finishedJob(this.#queueName, id, record)] : [];
    });
  }
}

function placeOf(text: string, runAt?: Date): Place {
  const entry = parseEntry(text);
  return runAt ? { id: entry.id, entry, runAt } : { id: entry.id, entry };
}
