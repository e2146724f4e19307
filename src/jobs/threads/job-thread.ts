import { Worker } from 'node:worker_threads';
import type { JobContext } from '../worker/job-context.js';
import { THREAD_PROGRAM } from './thread-program.js';

interface Fault {
  name: string;
  message: string;
  code?: string | undefined;
}

type Told =
  | { progress: number; log?: undefined; done?: undefined }
  | { log: string; progress?: undefined; done?: undefined }
  | { done: { result?: unknown; unkept?: string; fault?: Fault }; progress?: undefined; log?: undefined };

/** One thread, which runs one job at a time. */
export class JobThread {
  readonly #worker = new Worker(THREAD_PROGRAM, { eval: true });
  #isAlive = true;

  constructor() {
    this.#worker.unref(); // whoever waits for its job keeps the process alive
    this.#worker.on('error', () => {}); // whoever runs a job hears of it
    this.#worker.on('exit', () => {
      this.#isAlive = false;
    });
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /**
   * Runs the function `handle` of a module. A job that goes on for longer than `graceMs` after its signal aborted is
   * ended together with its thread: this is how endless computations end.
   */
  async run(module: URL, data: unknown, context: JobContext, graceMs: number): Promise<unknown> {
    const { signal } = context;
    let ending: NodeJS.Timeout | undefined;
    const abort = () => {
      this.#worker.postMessage({ abort: faultOf(signal.reason) });
      ending = setTimeout(() => void this.close(), graceMs);
    };
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await this.#answer(context, () => {
        this.#worker.postMessage({ run: { module: module.href, data, context: plainContext(context) } });
        if (signal.aborted) abort();
      });
    } finally {
      clearTimeout(ending);
      signal.removeEventListener('abort', abort);
    }
  }

  async close(): Promise<void> {
    this.#isAlive = false;
    await this.#worker.terminate();
  }

  #answer(context: JobContext, ask: () => void): Promise<unknown> {
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        act();
      };
      const onError = (error: unknown) => settle(() => reject(error));
      const onExit = () => settle(() => reject(new Error('The thread of the job ended before the job did')));
      const onMessage = ({ progress, log, done }: Told) => {
        if (progress !== undefined) void context.progress(progress);
        if (log !== undefined) void context.log(log);
        if (done?.fault) settle(() => reject(errorOf(done.fault as Fault)));
        else if (done) settle(() => resolve(done.unkept === undefined ? done.result : unkept(done.unkept)));
      };
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      try {
        ask();
      } catch (error) {
        settle(() => reject(error));
      }
    });
  }
}

/** A result that cannot leave its thread says so where it would be written down. */
function unkept(reason: string): unknown {
  return {
    toJSON(): never {
      throw new TypeError(reason);
    },
  };
}

function plainContext(context: JobContext): Record<string, unknown> {
  const { jobId, taskName, attempt, maxAttempts, enqueuedAt, startedAt, userId, metadata } = context;
  return { jobId, taskName, attempt, maxAttempts, enqueuedAt, startedAt, userId, metadata };
}

function faultOf(reason: unknown): Fault {
  const { name = 'Error', message = String(reason), code } = reason as Partial<Fault>;
  return { name, message, code };
}

function errorOf({ name, message, code }: Fault): Error {
  return Object.assign(new Error(message), { name, ...(code !== undefined && { code }) });
}
