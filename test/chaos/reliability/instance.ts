import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROCESS = fileURLToPath(new URL('instance-process.mjs', import.meta.url));

export interface InstanceSettings {
  redisUrl: string;
  /** The file in which it notes what it does. */
  ledger: string;
  /** Requests of a user to `/take` per minute. */
  limit: number;
  /** How long an `Idempotency-Key` of somebody who died stays claimed. */
  leaseSeconds: number;
}

/** One of several instances of a service, in a process of its own, to be killed. */
export class Instance {
  readonly #child: ChildProcess;
  readonly #url: string;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#url = `http://127.0.0.1:${port}`;
  }

  static async start(settings: InstanceSettings): Promise<Instance> {
    const child = spawn(process.execPath, [PROCESS, JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [port] = (await once(child.stdout, 'data')) as [Buffer];
    return new Instance(child, Number(String(port)));
  }

  post(
    path: string,
    user: string,
    body: object = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    return fetch(this.#url + path, {
      method: 'POST',
      headers: { Authorization: `Bearer ${user}`, 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
