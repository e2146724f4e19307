import type { JobHandler } from '../job-registry.js';
import { JobThread } from './job-thread.js';

/** Threads for handlers that compute: while they do, the event loop of the service stays free. */
export class ThreadPool {
  readonly #size: number;
  readonly #graceMs: number;
  readonly #threads = new Set<JobThread>();
  readonly #idle: JobThread[] = [];
  readonly #waiting: Array<() => void> = [];

  /** @param size most threads; each is started when it is first needed. */
  constructor(size: number, graceMs: number) {
    this.#size = size;
    this.#graceMs = graceMs;
  }

  /** Runs the function `handle` that a module exports. It gets no database: what is open cannot be shared with a thread. */
  handlerOf(module: URL): JobHandler {
    return async (data, context) => {
      const thread = await this.#take();
      try {
        return await thread.run(module, data, context, this.#graceMs);
      } finally {
        this.#giveBack(thread);
      }
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#threads].map((thread) => thread.close()));
    this.#threads.clear();
  }

  async #take(): Promise<JobThread> {
    for (;;) {
      const idle = this.#idle.pop();
      if (idle?.isAlive) return idle;
      if (idle) this.#threads.delete(idle);
      else if (this.#threads.size < this.#size) return this.#open();
      else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #open(): JobThread {
    const thread = new JobThread();
    this.#threads.add(thread);
    return thread;
  }

  #giveBack(thread: JobThread): void {
    if (thread.isAlive) this.#idle.push(thread);
    else this.#threads.delete(thread);
    this.#waiting.shift()?.();
  }
}
