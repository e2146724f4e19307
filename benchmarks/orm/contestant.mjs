import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./contestant-process.mjs', import.meta.url));

/** One contestant in a process of its own. */
export class Contestant {
  #module;
  #child;
  /** The methods that its adapter has; empty before `open`. */
  methods = new Set();

  /** @param name as the table shows it; @param file of its adapter, in adapters/; @param isPeer neither the baseline nor we ourselves. */
  constructor(name, file, isPeer) {
    this.name = name;
    this.isPeer = isPeer;
    this.#module = new URL(`./adapters/${file}`, import.meta.url).href;
    this.#child = fork(PROGRAM, { serialization: 'advanced' });
  }

  /** @throws when an operation gives other objects than it must. */
  verify({ options }) {
    return this.#ask('verify', { module: this.#module, options });
  }

  /** Connects, makes the tables and fills them. */
  async open(database) {
    this.methods = new Set(await this.#ask('open', { module: this.#module, ...database }));
  }

  /** One slice of one operation, as `runSlice` answers it. */
  run(operation, { concurrency, seconds }) {
    return this.#ask('run', { operation, concurrency, seconds });
  }

  async close() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    await this.#ask('close').catch(() => {});
    const gone = once(this.#child, 'exit');
    this.#child.disconnect();
    await gone;
  }

  async #ask(command, args = {}) {
    const settled = new AbortController();
    const { signal } = settled;
    const answer = once(this.#child, 'message', { signal });
    const end = once(this.#child, 'exit', { signal }).then(([code]) => {
      throw new Error(`its process ended with exit code ${code}`);
    });
    end.catch(() => {});
    answer.catch(() => {});
    this.#child.send({ command, args });
    try {
      const [{ error, result }] = await Promise.race([answer, end]);
      if (error) throw new Error(error);
      return result;
    } finally {
      settled.abort();
    }
  }
}
