import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger as Pino } from 'pino';
import type { Logger } from '../base/ports.js';
import { printableFields, printableText } from './printable.js';

interface PinoLoggerOptions {
  /** Show line feeds as `\n`, for output that people read line by line. */
  oneLine: boolean;
  /** Add the file and line of the caller. */
  caller: boolean;
}

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** The logger port over pino: everything that is written passes `printableFields` first. */
export class PinoLogger implements Logger {
  readonly #pino: Pino;
  readonly #options: PinoLoggerOptions;

  constructor(target: Pino, options: PinoLoggerOptions) {
    this.#pino = target;
    this.#options = options;
  }

  trace(fields: object | string, message?: string): void {
    this.#write('trace', fields, message, this.trace);
  }

  debug(fields: object | string, message?: string): void {
    this.#write('debug', fields, message, this.debug);
  }

  info(fields: object | string, message?: string): void {
    this.#write('info', fields, message, this.info);
  }

  warn(fields: object | string, message?: string): void {
    this.#write('warn', fields, message, this.warn);
  }

  error(fields: object | string, message?: string): void {
    this.#write('error', fields, message, this.error);
  }

  fatal(fields: object | string, message?: string): void {
    this.#write('fatal', fields, message, this.fatal);
  }

  child(fields: Readonly<Record<string, unknown>>): Logger {
    return new PinoLogger(this.#pino.child(printableFields(fields, this.#options.oneLine)), this.#options);
  }

  #write(level: Level, fields: object | string, message: string | undefined, method: object): void {
    if (!this.#pino.isLevelEnabled(level)) return;
    const { oneLine, caller } = this.#options;
    const entry: Record<string, unknown> =
      typeof fields === 'string' ? {} : this.#printable(fields instanceof Error ? { err: fields } : fields);
    if (caller) entry.caller = callerOf(method);
    const text = typeof fields === 'string' ? fields : message;
    // As a field, because pino would take "%s" in a message of its own for a place to fill.
    if (text !== undefined) entry.msg = printableText(text, oneLine);
    this.#pino[level](entry);
  }

  #printable(fields: object): Record<string, unknown> {
    try {
      return printableFields(fields, this.#options.oneLine);
    } catch (error) {
      return { unloggable: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** `src/orders.ts:12` of whoever called `method`. One frame is all that is captured. */
function callerOf(method: object): string | undefined {
  const { stackTraceLimit } = Error;
  const holder: { stack?: string } = {};
  Error.stackTraceLimit = 1;
  Error.captureStackTrace(holder, method as () => void);
  Error.stackTraceLimit = stackTraceLimit;
  return placeOf(holder.stack ?? '');
}

/** Places by the stack they were found in: to work them out for each line was more than half of what a place costs. */
const places = new Map<string, string | undefined>();
const MAX_PLACES = 2_000;

function placeOf(stack: string): string | undefined {
  if (places.has(stack)) return places.get(stack);
  const found = /\(?([^()\s]+):(\d+):\d+\)?$/.exec(stack);
  const file = found?.[1]?.startsWith('file://') ? fileURLToPath(found[1]) : found?.[1];
  const place = file && `${relative(process.cwd(), file)}:${found?.[2]}`;
  if (places.size < MAX_PLACES) places.set(stack, place);
  return place;
}
