import type { EnvironmentVariables } from './environment-variables.js';
import { environmentVariables } from './environment-variables.js';

/** Which of several processes on one port this one is. */
export interface WorkerPlace {
  /** From 1. A process that takes the place of another one has its number. */
  number: number;
  /** How many there are. */
  count: number;
}

const VARIABLE = 'APP_KERNEL_WORKER';
let taken: WorkerPlace | undefined;

/** What `app-kernel start` tells its workers. */
export function workerVariables({ number, count }: WorkerPlace): EnvironmentVariables {
  return { [VARIABLE]: `${number}/${count}` };
}

/** The place that `app-kernel start` gave this process; undefined for one that runs by itself. */
export function workerPlace(): WorkerPlace | undefined {
  const variables = environmentVariables();
  const written = variables[VARIABLE];
  if (written === undefined || process.send === undefined) return taken;
  delete variables[VARIABLE]; // children of this process are no workers
  const [number = Number.NaN, count = Number.NaN] = written.split('/').map(Number);
  if (Number.isSafeInteger(number) && Number.isSafeInteger(count)) taken = { number, count };
  return taken;
}
