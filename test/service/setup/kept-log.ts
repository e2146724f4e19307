import type { Logger } from '../../../src/base/ports.js';

export interface KeptLine {
  level: string;
  fields: Readonly<Record<string, unknown>>;
  message: string;
}

/** A logger that keeps its lines. */
export class KeptLog implements Logger {
  readonly lines: KeptLine[];
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(lines: KeptLine[] = [], fields: Readonly<Record<string, unknown>> = {}) {
    this.lines = lines;
    this.#fields = fields;
  }

  trace = (fields: object | string, message?: string): void => this.#keep('trace', fields, message);
  debug = (fields: object | string, message?: string): void => this.#keep('debug', fields, message);
  info = (fields: object | string, message?: string): void => this.#keep('info', fields, message);
  warn = (fields: object | string, message?: string): void => this.#keep('warn', fields, message);
  error = (fields: object | string, message?: string): void => this.#keep('error', fields, message);
  fatal = (fields: object | string, message?: string): void => this.#keep('fatal', fields, message);

  child(fields: Readonly<Record<string, unknown>>): Logger {
    return new KeptLog(this.lines, { ...this.#fields, ...fields });
  }

  /** Everything that was logged, as one text to search in. */
  get text(): string {
    return this.lines.map(({ level, fields, message }) => `${level} ${message} ${asText(fields)}`).join('\n');
  }

  #keep(level: string, fields: object | string, message: string | undefined): void {
    const own = typeof fields === 'string' ? {} : (fields as Record<string, unknown>);
    const said = typeof fields === 'string' ? fields : (message ?? '');
    this.lines.push({ level, fields: { ...this.#fields, ...own }, message: said });
  }
}

function asText(fields: unknown): string {
  return JSON.stringify(fields, (_key, value: unknown) =>
    value instanceof Error ? `${value.stack ?? value.message} ${String(value.cause ?? '')}` : value,
  );
}
