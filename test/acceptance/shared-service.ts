import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { freePort } from '../../scripts/servers/index.mjs';
import { type Child, ROOT, startNode } from '../service/setup/child.js';
import { freshDatabase, freshPrefix, redisUrl, removeKeys } from '../setup/servers.js';

const MAIN = join(ROOT, 'dist/cli/main.js');
const ENTRY = join(ROOT, 'test/acceptance/fixtures/shared-service.mjs');

/** What several processes of `fixtures/shared-service.mjs` share. */
export class SharedServers {
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  readonly #children: Child[] = [];
  readonly #release: () => Promise<void>;

  private constructor(port: number, env: Readonly<Record<string, string>>, release: () => Promise<void>) {
    this.port = port;
    this.env = env;
    this.#release = release;
  }

  /** @param redis undefined for the memory of each process */
  static async open(backend: Parameters<typeof freshDatabase>[0], redis = redisUrl()): Promise<SharedServers> {
    const database = await freshDatabase(backend);
    const namespace = freshPrefix();
    const port = await freePort();
    const env = {
      APP_ENV: 'test',
      PORT: String(port),
      DATABASE_URL: database.url,
      DATA_DIR: database.dataDir,
      REDIS_URL: redis ?? '',
      NAMESPACE: namespace,
    };
    return new SharedServers(port, env, async () => {
      await database.drop();
      if (redis) await removeKeys(redis, namespace);
    });
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** `app-kernel start` with this many workers, once all take traffic. */
  async start(workers: number): Promise<Child> {
    const child = this.command('--workers', String(workers));
    await child.says(new RegExp(`${workers} workers take traffic`), 120_000);
    return child;
  }

  command(...args: string[]): Child {
    return this.#track(startNode(MAIN, ['start', ...args, ENTRY], { env: this.env }));
  }

  /** A process of its own, on a port of its own. */
  async alone(): Promise<{ child: Child; baseUrl: string }> {
    const port = await freePort();
    const child = this.#track(startNode(ENTRY, [], { env: { ...this.env, PORT: String(port) } }));
    await child.says(/LISTENING/, 60_000);
    return { child, baseUrl: `http://127.0.0.1:${port}` };
  }

  async close(): Promise<void> {
    for (const child of this.#children.splice(0)) await child.kill();
    await this.#release();
  }

  #track(child: Child): Child {
    this.#children.push(child);
    return child;
  }
}

/** GET on a connection of its own, which may reach any worker. */
export async function getFresh<T>(url: string): Promise<T> {
  const response = await fetch(url, { headers: { connection: 'close' } });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** Asks again and again on connections that it keeps, and never twice for what failed. */
export class KeptLoad {
  readonly #agent: Agent;
  readonly #url: string;
  readonly #loops: Promise<void>[];
  #isEnding = false;
  readonly pids = new Set<number>();
  readonly faults: string[] = [];
  answered = 0;

  constructor(url: string, connections: number) {
    this.#url = url;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
    this.#loops = Array.from({ length: connections }, () => this.#loop());
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.#loops);
    this.#agent.destroy();
  }

  async #loop(): Promise<void> {
    while (!this.#isEnding) await this.#ask();
  }

  #ask(): Promise<void> {
    return new Promise((resolve) => {
      const failed = (reason: unknown): void => {
        this.faults.push(String(reason));
        resolve();
      };
      const request = get(this.#url, { agent: this.#agent }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('error', failed);
        response.on('end', () => {
          if (response.statusCode !== 200) return failed(`${response.statusCode}: ${text}`);
          this.answered++;
          this.pids.add((JSON.parse(text) as { pid: number }).pid);
          resolve();
        });
      });
      request.on('error', failed);
    });
  }
}
