import type { Logger } from '../base/ports.js';

interface Closable {
  close(): Promise<void>;
}

interface Watched {
  logger: Logger;
  /** Time that a graceful shutdown may take, ms. */
  timeoutMs: number;
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** What interrupted requests and jobs may need after the time is up, before the process is ended all the same. */
const FAREWELL_MS = 5000;
const watched = new Map<Closable, Watched>();
let stopping = false;

/**
 * Closes `service` when the process is told to stop, then ends the process: status 0, or 1 where something would not
 * close in time. A second signal ends it at once. Several services of one process close together.
 * @returns what takes the service off again.
 */
export function closeOnSignals(service: Closable, options: Watched): () => void {
  if (watched.size === 0) for (const signal of SIGNALS) process.on(signal, stop);
  watched.set(service, options);
  return () => {
    watched.delete(service);
    if (watched.size > 0 || stopping) return;
    for (const signal of SIGNALS) process.off(signal, stop);
  };
}

function stop(signal: NodeJS.Signals): void {
  if (stopping) process.exit(1);
  stopping = true;
  const limit = Math.max(...[...watched.values()].map(({ timeoutMs }) => timeoutMs)) + FAREWELL_MS;
  setTimeout(() => process.exit(1), limit); // referenced: a process that has nothing else to wait for would end with 0
  const closings = [...watched].map(([service, { logger }]) => close(service, logger, signal));
  void Promise.all(closings).then((clean) => process.exit(clean.every(Boolean) ? 0 : 1));
}

async function close(service: Closable, logger: Logger, signal: NodeJS.Signals): Promise<boolean> {
  logger.info(`${signal}: shutting down`);
  try {
    await service.close();
    return true;
  } catch (error) {
    logger.error({ err: error }, 'The shutdown was not clean');
    return false;
  }
}
