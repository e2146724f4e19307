import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { KernelError } from '../../base/errors.js';
import { checkEntry } from '../entry.js';
import type { Terminal } from '../terminal.js';
import { wholeNumber } from '../whole-number.js';
import { WorkerPool } from './worker-pool.js';

interface StartOptions {
  workers: string;
  stopTimeout: string;
}

const MOST_WORKERS = 1_024;

export function addStart(program: Command, terminal: Terminal): void {
  program
    .command('start')
    .description('Run a service in one or several processes on one port; SIGHUP replaces them one by one')
    .argument('<entry>', 'compiled entry script, such as dist/main.js')
    .argument('[args...]', 'arguments of the script')
    .passThroughOptions()
    .option('--workers <count>', 'processes, or "auto": one for each CPU', '1')
    .option('--stop-timeout <seconds>', 'longest graceful end of one, after which it is killed', '40')
    .addHelpText(
      'after',
      '\nExample: app-kernel start --workers auto dist/main.js\nOptions come before the script; what follows it are its own arguments.',
    )
    .action((entry: string, args: string[], options: StartOptions) => runStart(entry, args, options, terminal));
}

async function runStart(entry: string, args: string[], options: StartOptions, terminal: Terminal): Promise<void> {
  checkEntry(entry);
  const workers =
    options.workers === 'auto' ? availableParallelism() : wholeNumber('workers', options.workers, MOST_WORKERS);
  const stopTimeoutMs = 1_000 * wholeNumber('stop-timeout', options.stopTimeout, 86_400);
  const log = (text: string): void => void terminal.errors.write(`app-kernel: ${text}\n`);
  const pool = new WorkerPool({ entry, args, workers, stopTimeoutMs, log });
  const stop = stopOnSignals(pool, log);
  try {
    await pool.start();
    if (!(await stop.done)) throw new KernelError('E_CLI', `${entry} did not end well`);
  } finally {
    stop.forget();
  }
}

/** SIGTERM and SIGINT end the workers, a second one at once; SIGHUP replaces them. */
function stopOnSignals(pool: WorkerPool, log: (text: string) => void): { done: Promise<boolean>; forget(): void } {
  let isStopping = false;
  let finish: (clean: boolean) => void = () => {};
  const done = new Promise<boolean>((resolve) => {
    finish = resolve;
  });
  const stop = (signal: NodeJS.Signals): void => {
    if (isStopping) pool.kill();
    else void pool.stop().then(finish);
    if (!isStopping) log(`${signal}: ending the workers`);
    isStopping = true;
  };
  const replace = (): void => {
    if (!isStopping) void pool.replaceAll();
  };
  process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGHUP', replace);
  const forget = (): void => void process.off('SIGTERM', stop).off('SIGINT', stop).off('SIGHUP', replace);
  return { done, forget };
}
