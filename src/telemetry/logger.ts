import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { type DestinationStream, destination, multistream, type Logger as Pino, pino, stdTimeFunctions } from 'pino';
import { ConfigError, KernelError } from '../base/errors.js';
import type { Logger } from '../base/ports.js';
import { ambientService, type ServiceKey, serviceKey } from '../base/services.js';
import { ambientFields } from './ambient-fields.js';
import { PinoLogger } from './pino-logger.js';

/** From the least severe; `warning` and `critical` are other names of `warn` and `fatal`. */
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LEVELS)[number];
const ALIASES: Readonly<Record<string, LogLevel>> = { warning: 'warn', critical: 'fatal' };

export interface LoggerOptions {
  /** Name of the service in every line. Default `app`. */
  name?: string;
  /** Least severe level that is written, in any case. Default `info`. */
  level?: string;
  /** Lines for people instead of JSON. Default: when standard output is a terminal. */
  pretty?: boolean;
  /** Where lines go instead of standard output. */
  destination?: DestinationStream;
  /** Also append JSON lines to `<logDir>/<name>.log`. */
  logDir?: string | null;
  /** Add the file and line that logged. Default false: it costs some microseconds per line. */
  addCallerInfo?: boolean;
}

export const loggerService: ServiceKey<Logger> = serviceKey('logger');

/**
 * A structured logger. Each line carries the ambient request id, user and `logContext` fields; secrets are redacted,
 * control characters shown and long values cut.
 * @throws KernelError E_LOG_LEVEL for an unknown level; ConfigError when `logDir` cannot be written.
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  const name = options.name ?? 'app';
  const level = toLevel(options.level ?? 'info');
  const pretty = options.pretty ?? (options.destination === undefined && process.stdout.isTTY === true);
  const console = pretty ? prettyStream(options.destination) : (options.destination ?? destination(1));
  const stream = options.logDir ? both(console, openLogFile(options.logDir, name)) : console;
  const target: Pino = pino(
    {
      name,
      level,
      base: { name },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // Errors are spelled out before pino sees them; its own serializer would name them all "Object".
      serializers: { err: (error: unknown) => error },
      mixin: () => ambientFields(pretty),
    },
    stream,
  );
  return new PinoLogger(target, { oneLine: pretty, caller: options.addCallerInfo ?? false });
}

let fallback: Logger | undefined;

/** The logger of the running kernel; before any has started, a plain one. */
export function getLogger(): Logger {
  const running = ambientService(loggerService);
  if (running) return running;
  fallback ??= createLogger();
  return fallback;
}

function toLevel(text: string): LogLevel {
  const lower = text.toLowerCase();
  const level = ALIASES[lower] ?? LEVELS.find((known) => known === lower);
  if (level) return level;
  throw new KernelError('E_LOG_LEVEL', `Unknown log level "${text}"; choose one of ${LEVELS.join(', ')}`);
}

/** Loaded only when asked for: most services write JSON. */
function prettyStream(to: DestinationStream | undefined): DestinationStream {
  const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as typeof import('pino-pretty');
  const colorize = to === undefined && process.stdout.isTTY === true;
  const prettify = prettyFactory({ colorize, ignore: 'pid,hostname,name', translateTime: 'SYS:HH:MM:ss.l' });
  const stream = to ?? destination(1);
  return { write: (line) => stream.write(prettify(line)) };
}

function both(first: DestinationStream, second: DestinationStream): DestinationStream {
  return multistream([
    { level: 'trace', stream: first },
    { level: 'trace', stream: second },
  ]);
}

function openLogFile(directory: string, name: string): DestinationStream {
  const file = join(directory, `${name.replace(/[^\w.-]+/g, '-')}.log`);
  try {
    mkdirSync(resolve(directory), { recursive: true });
    return destination({ dest: file, sync: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError('The log file cannot be written:', [
      { field: 'logDir', fault: reason, mend: 'Give a directory that the service may write to' },
    ]);
  }
}
