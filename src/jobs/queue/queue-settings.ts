import { ConfigError, type ConfigFault } from '../../base/errors.js';

/** What a queue keeps, and the defaults of its jobs. */
export interface QueueSettings {
  /** Failures before a job goes to the dead letters. Default 3. */
  maxAttempts: number;
  /** Longest run of a job, ms. Default 300 000. */
  timeoutMs: number;
  /**
   * How long the record of a finished job is kept, ms. Default 1 hour. 0 keeps none: then nothing tells a job that the
   * client sent twice over a broken connection from a new one, and it may run twice.
   */
  resultTtlMs: number;
  /** Most records of finished jobs kept. Default 1000. */
  maxFinished: number;
  /** How long a dead letter is kept, ms. Default 14 days. */
  deadTtlMs: number;
  /** Most dead letters kept. Default 10 000. */
  maxDead: number;
  /** Largest job, bytes of JSON. Default 1 MiB. */
  maxDataBytes: number;
}

const DEFAULTS: QueueSettings = {
  maxAttempts: 3,
  timeoutMs: 300_000,
  resultTtlMs: 3_600_000,
  maxFinished: 1000,
  deadTtlMs: 14 * 86_400_000,
  maxDead: 10_000,
  maxDataBytes: 1_048_576,
};

/** @throws ConfigError naming every setting out of range. */
export function queueSettings(given: Partial<QueueSettings> = {}): QueueSettings {
  const chosen = Object.entries(given).filter(([name, value]) => name in DEFAULTS && value !== undefined);
  const settings: QueueSettings = { ...DEFAULTS, ...Object.fromEntries(chosen) };
  const faults = Object.entries(settings).flatMap(([name, value]) => faultOf(name, value));
  if (faults.length > 0) throw new ConfigError('The job queue cannot be used as configured', faults);
  return Object.freeze(settings);
}

function faultOf(name: string, value: number): ConfigFault[] {
  const least = name === 'resultTtlMs' ? 0 : 1;
  if (Number.isInteger(value) && value >= least) return [];
  return [{ field: `jobs.${name}`, fault: `${value} is not a whole number from ${least}`, mend: 'Correct or omit it' }];
}
