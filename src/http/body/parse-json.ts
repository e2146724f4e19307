import { isUtf8 } from 'node:buffer';
import { BadRequestError } from '../errors.js';

/** Deeper documents are refused: `JSON.stringify` runs out of stack on what `JSON.parse` still takes. */
const MAX_JSON_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/**
 * The value of a JSON text; `undefined` for an empty one.
 * @throws BadRequestError, which never quotes the text.
 */
export function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) throw new BadRequestError('The JSON body is not valid UTF-8');
  checkDepth(bytes);
  const text = bytes.toString('utf8');
  const value = parse(text);
  if (mayNamePrototype(text)) refusePrototypeKeys(value);
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const position = /at position (\d+)/.exec((error as Error).message)?.[1];
    throw new BadRequestError(`Malformed JSON${position ? ` at position ${position}` : ''}`);
  }
}

function checkDepth(bytes: Buffer): void {
  if (bytes.length <= MAX_JSON_DEPTH) return;
  let depth = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte === QUOTE) i = endOfString(bytes, i);
    else if (OPENING.has(byte)) depth += 1;
    else if (CLOSING.has(byte)) depth -= 1;
    if (depth > MAX_JSON_DEPTH) throw new BadRequestError(`JSON nested deeper than ${MAX_JSON_DEPTH} levels`);
  }
}

function endOfString(bytes: Buffer, start: number): number {
  for (let i = start + 1; i < bytes.length; i++) {
    if (bytes[i] === BACKSLASH) i += 1;
    else if (bytes[i] === QUOTE) return i;
  }
  return bytes.length;
}

/** Escapes can spell any key, so a text with `\u` is suspect as well. */
function mayNamePrototype(text: string): boolean {
  return text.includes('__proto__') || text.includes('prototype') || text.includes('\\u');
}

/** Keys that reach `Object.prototype` when the value is merged or copied somewhere. */
export function refusePrototypeKeys(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) refusePrototypeKeys(item);
    return;
  }
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__' || (key === 'constructor' && hasPrototypeKey(member))) {
      throw new BadRequestError(`The key "${key}" is not allowed`);
    }
    refusePrototypeKeys(member);
  }
}

function hasPrototypeKey(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype');
}
