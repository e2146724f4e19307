import type { Logger } from '../base/ports.js';
import { hearPrimary } from './cluster/primary-channel.js';
import { workerPlace } from './env/index.js';

/** How a service ends that others talk to. */
export interface FarewellOptions {
  /** How long clients may use a connection that they keep once more, ms: it is told to be its last, then. Default 0. */
  idleMs?: number;
  /** Another process has taken its place, so that it stays ready to the end. */
  isReplaced?: boolean;
}

interface Closable {
  close(options?: FarewellOptions): Promise<void>;
}

interface Watched {
  logger: Logger;
  /** Time that a graceful shutdown may take, ms. */
  timeoutMs: number;
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** What interrupted requests and jobs may need after the time is up, before the process is ended all the same. */
const FAREWELL_MS = 5000;
/** A connection that is cut while a request is on its way loses that request. */
const IDLE_MS = 1000;
const watched = new Map<Closable, Watched>();
let stopping = false;
let signalled = false;
let forgetPrimary = (): void => {};

/**
 * Closes `service` when the process is told to stop, then ends the process: status 0, or 1 where something would not
 * close in time. A second signal ends it at once. Several services of one process close together.
 * @returns what takes the service off again.
 */
export function closeOnSignals(service: Closable, options: Watched): () => void {
  if (watched.size === 0) watch();
  watched.set(service, options);
  return () => {
    watched.delete(service);
    if (watched.size > 0 || stopping) return;
    for (const signal of SIGNALS) process.off(signal, onSignal);
    process.off('SIGHUP', ignore);
    process.off('uncaughtExceptionMonitor', logFatal);
    forgetPrimary();
  };
}

function watch(): void {
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on('uncaughtExceptionMonitor', logFatal);
  if (workerPlace() === undefined) return;
  process.on('SIGHUP', ignore); // a terminal sends it to all; it is the primary that acts on it
  forgetPrimary = hearPrimary(({ kernel }) => {
    if ((kernel === 'stop' || kernel === 'retire') && !stopping) stop(kernel, { isReplaced: kernel === 'retire' });
  });
}

function ignore(): void {}

/** Only watches: Node ends the process, unless the program has a listener that says otherwise. */
function logFatal(error: unknown, origin: NodeJS.UncaughtExceptionOrigin): void {
  const what =
    origin === 'unhandledRejection'
      ? 'A promise was rejected that nobody awaits'
      : 'An error was thrown that nobody catches';
  for (const { logger } of watched.values()) logger.error({ err: error }, what);
}

/** The first signal may come after the primary's word, where both were told at once. */
function onSignal(signal: NodeJS.Signals): void {
  if (signalled) process.exit(1);
  signalled = true;
  if (!stopping) stop(signal);
}

function stop(reason: string, options: FarewellOptions = {}): void {
  stopping = true;
  const limit = Math.max(...[...watched.values()].map(({ timeoutMs }) => timeoutMs)) + FAREWELL_MS;
  setTimeout(() => process.exit(1), limit); // referenced: a process that has nothing else to wait for would end with 0
  const farewell = { ...options, idleMs: IDLE_MS };
  const closings = [...watched].map(([service, { logger }]) => close(service, logger, reason, farewell));
  void Promise.all(closings).then((clean) => process.exit(clean.every(Boolean) ? 0 : 1));
}

async function close(service: Closable, logger: Logger, reason: string, options: FarewellOptions): Promise<boolean> {
  logger.info(`${reason}: shutting down`);
  try {
    await service.close(options);
    return true;
  } catch (error) {
    logger.error({ err: error }, 'The shutdown was not clean');
    return false;
  }
}
