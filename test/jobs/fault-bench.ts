import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { JobQueue, JobRegistry } from '../../src/jobs/index.js';
import { connectRedis, type RedisConnection } from '../../src/redis/index.js';
import type { ChildServer, FaultServer } from '../setup/servers.js';
import { until } from './queue-fixture.js';

const WORKER = fileURLToPath(new URL('fault-worker.mjs', import.meta.url));

/** Short, so that a death is noticed within a second. */
const QUICK_LEASE = {
  leaseMs: 600,
  heartbeatMs: 150,
  reapMs: 100,
  pollMs: 100,
  retryDelaysMs: [50],
  suspectDelayMs: 200,
};

/** Options of the worker; of its connection, to the bench's own server unless `url` says otherwise; and of its queue. */
type WorkerSettings = { socketTimeoutSeconds?: number; url?: string; queue?: object } & Record<string, unknown>;

export interface LedgerLine {
  /** `refused`: what the worker said of some job came too late. */
  what: 'start' | 'effect' | 'refused';
  jobId: string;
  attempt: number;
  pid: number;
}

/** A Redis server of its own, worker processes to kill, and the ledger of what they did. */
export class FaultBench {
  readonly prefix = 'fault:';
  readonly queue: JobQueue;
  readonly connection: RedisConnection;
  readonly workers: ChildProcess[] = [];
  readonly #directory: string;
  readonly #server: ChildServer;

  private constructor(directory: string, server: ChildServer, connection: RedisConnection) {
    this.#directory = directory;
    this.#server = server;
    this.connection = connection;
    const registry = JobRegistry.from({ effect: () => {}, block: () => {}, crash: () => {} });
    this.queue = new JobQueue({ redis: connection.jobs, prefix: this.prefix, registry });
  }

  static async open(startRedis: FaultServer['start']): Promise<FaultBench> {
    const directory = mkdtempSync(join(tmpdir(), 'job-faults-'));
    writeFileSync(join(directory, 'ledger'), '');
    const server = await startRedis({ appendonly: 'yes', appendfsync: 'always' });
    const connection = await connectRedis({ url: server.url });
    return new FaultBench(directory, server, connection);
  }

  get ledger(): LedgerLine[] {
    const lines = readFileSync(join(this.#directory, 'ledger'), 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => {
      const [what = '', jobId = '', attempt, pid] = line.split(' ');
      return { what: what as LedgerLine['what'], jobId, attempt: Number(attempt), pid: Number(pid) };
    });
  }

  get url(): string {
    return this.#server.url;
  }

  async worker({
    socketTimeoutSeconds,
    url = this.url,
    queue,
    ...options
  }: WorkerSettings = {}): Promise<ChildProcess> {
    const settings = {
      socketTimeoutSeconds,
      url,
      queue,
      prefix: this.prefix,
      ledger: join(this.#directory, 'ledger'),
      worker: { concurrency: 4, ...QUICK_LEASE, ...options },
    };
    const child = spawn(process.execPath, [WORKER, JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let complaint = '';
    child.stderr.on('data', (text) => {
      complaint += text;
    });
    this.workers.push(child);
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => failStart(complaint))]);
    return child;
  }

  /** Ends the server as a crash would, and starts it again over the same files. */
  async restartRedis(downMs = 200): Promise<void> {
    await this.#server.kill();
    await new Promise((resolve) => setTimeout(resolve, downMs));
    await this.#server.start();
  }

  /** The server stays connected, and answers only after `ms`. */
  async freezeRedis(ms: number): Promise<void> {
    this.#server.pause();
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.#server.resume();
  }

  /** Waits until as many jobs have ended, in whatever way. */
  async ended(jobs: number, limitMs = 15_000): Promise<void> {
    await until(
      async () => {
        const { totals } = await this.queue.stats();
        return totals.succeeded + totals.failed >= jobs ? true : undefined;
      },
      `${jobs} jobs to end`,
      limitMs,
    );
  }

  /** Waits until no job waits or runs. */
  async idle(limitMs = 60_000): Promise<void> {
    await until(
      async () => {
        const { waiting, running, delayed } = await this.queue.stats();
        return waiting + running + delayed === 0 ? true : undefined;
      },
      'the queue to be empty',
      limitMs,
    );
  }

  async dispose(): Promise<void> {
    for (const child of this.workers) child.kill('SIGCONT');
    await Promise.all(this.workers.map((child) => kill(child, 'SIGKILL')));
    this.queue.close();
    await this.connection.close();
    await this.#server.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Sends a signal and waits for the end of the process. */
export async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

function failStart(complaint: string): never {
  throw new Error(`The worker process ended before it was ready: ${complaint}`);
}
