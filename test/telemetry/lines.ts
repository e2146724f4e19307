import type { Logger } from '../../src/base/ports.js';
import { createLogger, type LoggerOptions } from '../../src/telemetry/index.js';

/** A logger whose output the test reads. */
export interface ReadableLogger {
  logger: Logger;
  /** What was written, byte for byte. */
  text(): string;
  /** The JSON lines that were written. */
  lines(): Array<Record<string, unknown>>;
}

export function readableLogger(options: LoggerOptions = {}): ReadableLogger {
  let written = '';
  const destination = {
    write: (chunk: string): void => {
      written += chunk;
    },
  };
  return {
    logger: createLogger({ destination, ...options }),
    text: () => written,
    lines: () =>
      written
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
  };
}
