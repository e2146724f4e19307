import { Redis } from 'ioredis';

/**
 * How often Redis reads from its connections: what a client writes at once, a pipeline too, arrives by one read, so that
 * it is a round trip of the network.
 */
export class RedisReads {
  #redis;
  #idlePerSecond = 0;

  static async open(url) {
    const reads = new RedisReads();
    reads.#redis = new Redis(url);
    return reads;
  }

  /** Heartbeats and the like, which go on without any request. */
  setIdle(perSecond) {
    this.#idlePerSecond = perSecond;
  }

  /** `{ answer, perSecond, perRequest }` of work that answers with `answered`, how many requests there were. */
  async during(work) {
    const startedAt = performance.now();
    const before = await this.#count();
    const answer = await work();
    const seconds = (performance.now() - startedAt) / 1000;
    const reads = (await this.#count()) - before - 1; // ours that asks
    const perRequest = answer && (reads - this.#idlePerSecond * seconds) / answer.answered;
    return { answer, perSecond: reads / seconds, perRequest };
  }

  async close() {
    await this.#redis.quit();
  }

  async #count() {
    const [, count] = /total_reads_processed:(\d+)/.exec(await this.#redis.info('stats'));
    return Number(count);
  }
}
