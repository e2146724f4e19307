import { ValidationError } from '../../base/errors.js';
import { matchesPattern } from '../../reliability/index.js';

const EVENT = /^[\w-]+(\.[\w-]+)*$/;
const PATTERN = /^[\w.*-]+$/;
const MAX_LENGTH = 100;

/** Names stand in a header, so there is nothing in them but letters, digits, `_`, `-` and `.` between words. */
export function assertEventName(event: string): void {
  if (typeof event === 'string' && event.length <= MAX_LENGTH && EVENT.test(event)) return;
  const msg = `Write words of letters, digits, "_" and "-", joined by ".", of ${MAX_LENGTH} characters at most`;
  throw new ValidationError([{ loc: ['body', 'event'], msg, type: 'webhook_event' }]);
}

/** What is wrong with what an endpoint wants to hear of; undefined where nothing is. */
export function faultOfPattern(pattern: string): string | undefined {
  if (typeof pattern === 'string' && pattern.length <= MAX_LENGTH && PATTERN.test(pattern)) return undefined;
  return 'Write names of events, with * for any run of characters: deployment.*';
}

/** Whether one of the patterns names the event; `*` stands for any run of characters, dots included. */
export function hears(patterns: readonly string[], event: string): boolean {
  return patterns.some((pattern) => matchesPattern(pattern, event));
}
