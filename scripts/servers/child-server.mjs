import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chownSync, constants, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { childrenOf, killAll } from './processes.mjs';

const START_TIMEOUT_MS = 60_000;
const SHOWN_OUTPUT_CHARS = 2_000;

/** Where Debian, Homebrew and the vendors' packages put servers that they leave out of PATH. */
const EXTRA_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin', ...postgresFolders()];

function postgresFolders() {
  const root = '/usr/lib/postgresql';
  try {
    const newestFirst = readdirSync(root).sort((a, b) => Number(b) - Number(a));
    return newestFirst.map((version) => join(root, version, 'bin'));
  } catch {
    return [];
  }
}

/** The path of the first of `names` that is installed. Folders outside PATH win, as wrappers in PATH may change user or data folder. */
export function findBinary(...names) {
  const folders = [...EXTRA_FOLDERS, ...(process.env.PATH ?? '').split(delimiter)];
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (isExecutable(path)) return path;
    }
  }
  return undefined;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A new folder under the system's temporary one, owned by `owner` where one is given. */
export function temporaryFolder(name, owner) {
  const folder = mkdtempSync(join(tmpdir(), `app-kernel-${name}-`));
  if (owner) chownSync(folder, owner.uid, owner.gid);
  return folder;
}

/**
 * One server process of our own. It is ready when it has printed `ready`; `kill` is SIGKILL, `stop` is what the server
 * takes as a clean shutdown. Only this very process is ever signalled.
 */
export class ChildServer {
  #child;
  #output = '';
  #endWithUs = () => this.#child?.kill('SIGKILL');

  constructor({ name, command, args, folder, ready, owner, stopSignal = 'SIGTERM' }) {
    Object.assign(this, { name, command, args, folder, ready, owner, stopSignal });
  }

  get pid() {
    return this.#child?.pid;
  }

  /** The first start; where it fails nothing stays behind. */
  async open() {
    try {
      return await this.start();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Starts the process, also again after `kill` or `stop`: same port, same folder. */
  async start() {
    if (this.#child) throw new Error(`${this.name} runs already`);
    this.#output = '';
    const child = spawn(this.command, this.args, {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...this.owner,
    });
    this.#child = child;
    process.once('exit', this.#endWithUs);
    child.once('exit', () => this.#forget(child));
    await this.#untilReady(child);
    return this;
  }

  #forget(child) {
    process.removeListener('exit', this.#endWithUs);
    if (this.#child === child) this.#child = undefined;
  }

  #untilReady(child) {
    const { promise, resolve, reject } = deferred();
    const fail = (why) => reject(new Error(`${this.name} ${why}\n${this.#output.slice(-SHOWN_OUTPUT_CHARS)}`));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`was not ready within ${START_TIMEOUT_MS / 1000} s`);
    }, START_TIMEOUT_MS);
    const read = (chunk) => {
      this.#output = (this.#output + chunk).slice(-4 * SHOWN_OUTPUT_CHARS);
      if (this.ready.test(this.#output)) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', (error) => fail(`did not start: ${error.message}`));
    child.once('close', (code, signal) => fail(`ended early (${signal ?? code})`)); // after its last words
    return promise.finally(() => clearTimeout(timer));
  }

  /** Ends the process and those that it has started: a server's workers would go on for a while without it. */
  async kill() {
    const workers = this.pid === undefined ? [] : await childrenOf(this.pid);
    const ended = this.#end('SIGKILL'); // the process first, so that it starts no new ones
    await killAll(workers);
    await ended;
  }

  async stop() {
    await this.#end(this.stopSignal);
  }

  /** Stops the process from running without ending it: its sockets stay open and answer nothing. */
  pause() {
    this.#child?.kill('SIGSTOP');
  }

  resume() {
    this.#child?.kill('SIGCONT');
  }

  /** Ends the process and removes its folder. */
  async close() {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #end(signal) {
    const child = this.#child;
    if (!child) return;
    const exited = once(child, 'exit');
    child.kill('SIGCONT'); // a paused process takes no signal but SIGKILL
    child.kill(signal);
    await exited;
  }
}

function deferred() {
  let resolve;
  let reject;
  const promise = new Promise((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
