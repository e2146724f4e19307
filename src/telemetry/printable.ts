import { isSecretName, REDACTED, redactText } from './redaction.js';

const MAX_TEXT = 8_192;
const MAX_SCANNED = 65_536;
const MAX_DEPTH = 8;
const MAX_ITEMS = 100;
/** Everything that moves a cursor, colours a terminal or ends a line, other than tab and line feed. */
const CONTROL = /(?![\t\n])[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Most texts are this, and then need no further look for control characters. */
const PLAIN = /^[ -~]*$/;

/**
 * `text` as it may stand in a log: without secrets, without control characters, and of bounded length. With
 * `oneLine`, line feeds are shown as `\n`, so that a line on a terminal cannot be forged.
 */
export function printableText(text: string, oneLine = false): string {
  // Redacted before it is cut: half a URL no longer shows that it holds a password.
  const redacted = redactText(text.length > MAX_SCANNED ? text.slice(0, MAX_SCANNED) : text);
  const bounded = redacted.length > MAX_TEXT ? `${redacted.slice(0, MAX_TEXT)}… (of ${text.length})` : redacted;
  if (PLAIN.test(bounded)) return bounded;
  const shown = bounded.replace(CONTROL, escapeControl);
  return oneLine ? shown.replaceAll('\n', '\\n') : shown;
}

/** The fields of a log entry, copied: secrets by name and by shape are gone, errors are spelled out, size is bounded. */
export function printableFields(fields: object, oneLine = false): Record<string, unknown> {
  return members(fields, oneLine, 0);
}

function printable(value: unknown, oneLine: boolean, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return printableText(value, oneLine);
    case 'bigint':
      return value.toString();
    case 'function':
    case 'symbol':
      return undefined;
    case 'object':
      return value === null ? null : printableObject(value, oneLine, depth);
    default:
      return value;
  }
}

function printableObject(value: object, oneLine: boolean, depth: number): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= MAX_DEPTH) return '[too deep]';
  if (value instanceof Error) return printableError(value, oneLine, depth);
  if (value instanceof URL) return printableText(value.href, oneLine);
  if (value instanceof Map) return members(Object.fromEntries(value), oneLine, depth);
  if (Array.isArray(value) || value instanceof Set) return items([...value], oneLine, depth);
  if ('toJSON' in value && typeof value.toJSON === 'function') return printable(value.toJSON(), oneLine, depth + 1);
  return members(value, oneLine, depth);
}

function items(values: readonly unknown[], oneLine: boolean, depth: number): unknown[] {
  const shown = values.slice(0, MAX_ITEMS).map((item) => printable(item, oneLine, depth + 1));
  return values.length > MAX_ITEMS ? [...shown, `… (${values.length - MAX_ITEMS} more)`] : shown;
}

/** A stack keeps its line feeds: the pretty printer indents it. */
function printableError(error: Error, oneLine: boolean, depth: number): Record<string, unknown> {
  return {
    type: error.name,
    message: printableText(error.message, oneLine),
    stack: printableText(error.stack ?? ''),
    ...(error.cause !== undefined && { cause: printable(error.cause, oneLine, depth + 1) }),
    ...(error instanceof AggregateError && { errors: items(error.errors, oneLine, depth + 1) }),
    ...members(error, oneLine, depth),
  };
}

function members(value: object, oneLine: boolean, depth: number): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  const names = Object.keys(value);
  if (names.length > MAX_ITEMS) names.length = MAX_ITEMS;
  for (const name of names) {
    const { label, isSecret } = labelOf(name);
    const member = read(value, name);
    shown[label] = isSecret && !isCount(name, member) ? REDACTED : printable(member, oneLine, depth + 1);
  }
  return shown;
}

interface Label {
  label: string;
  isSecret: boolean;
}

/** The same names come with every line; what is known of them is kept, up to a bound. */
const labels = new Map<string, Label>();
const MAX_LABELS = 2_000;

function labelOf(name: string): Label {
  const known = labels.get(name);
  if (known) return known;
  // Set by assignment, this one name would change the object instead of its members.
  const label = {
    label: name === '__proto__' ? '[__proto__]' : printableText(name, true),
    isSecret: isSecretName(name),
  };
  if (labels.size < MAX_LABELS) labels.set(name, label);
  return label;
}

/** Nothing, a flag, or a number of tokens is no secret, whatever its name sounds like. */
function isCount(name: string, value: unknown): boolean {
  if (value === null || value === undefined || typeof value === 'boolean') return true;
  return typeof value === 'number' && /tokens$/i.test(name);
}

/** A getter that throws must not turn a log line into a second fault. */
function read(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    return '[unreadable]';
  }
}

function escapeControl(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
}
