import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface ChildOptions {
  /** Variables of the child, besides PATH and HOME; nothing else is inherited. */
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  /** What it reads on its standard input, which is then closed. */
  input?: string;
  /** Its standard input stays open for `writes`. */
  keepInput?: boolean;
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A process of this test's own; only this very process is ever signalled. */
export class Child {
  readonly #process: ChildProcess;
  readonly #ended: Promise<Ended>;
  #stdout = '';
  #stderr = '';

  constructor(command: string, args: readonly string[], { env = {}, cwd = ROOT, input, keepInput }: ChildOptions = {}) {
    const inherited = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' };
    this.#process = spawn(command, args, { cwd, env: { ...inherited, ...env }, stdio: 'pipe' });
    this.#process.stdout?.on('data', (chunk: Buffer) => {
      this.#stdout += chunk.toString();
    });
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    this.#ended = once(this.#process, 'close').then(([code, signal]) => ({
      code,
      signal,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }));
    if (!keepInput) this.#process.stdin?.end(input);
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error('The process did not start');
    return this.#process.pid;
  }

  get output(): string {
    return `${this.#stdout}${this.#stderr}`;
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Resolves with what `pattern` finds in the output; fails when the process ends before. */
  async says(pattern: RegExp, timeoutMs = 20_000): Promise<RegExpMatchArray> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const match = this.output.match(pattern);
      if (match) return match;
      if (!this.isRunning) throw new Error(`The process ended without saying ${pattern}:\n${this.output}`);
      if (Date.now() > deadline) throw new Error(`The process did not say ${pattern} in time:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Writes to its standard input, of one that was made with `keepInput`. */
  writes(text: string): void {
    this.#process.stdin?.write(text);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** How it ended; kills it when it does not end in time. */
  async ended(timeoutMs = 30_000): Promise<Ended> {
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), timeoutMs);
    try {
      return await this.#ended;
    } finally {
      clearTimeout(timer);
    }
  }

  /** For `afterEach`: ends it if it still runs. */
  async kill(): Promise<void> {
    if (this.isRunning) this.#process.kill('SIGKILL');
    await this.#ended;
  }
}

/** A script on Node, with its own output. */
export function startNode(script: string, args: readonly string[] = [], options: ChildOptions = {}): Child {
  return new Child(process.execPath, ['--enable-source-maps', script, ...args], options);
}
