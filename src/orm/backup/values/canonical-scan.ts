import {
  BACKSLASH,
  BEYOND_ASCII,
  BEYOND_BYTES,
  CLOSE_LIST,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  EXACT_DIGITS,
  MAX_DEPTH,
  MINUS,
  NINE,
  OPEN_LIST,
  OPEN_OBJECT,
  PLACES_WITHOUT_EXPONENT,
  POINT,
  QUOTE,
  SPACE,
  ZERO,
} from './json-characters.js';

const EXPONENT = 101;

const NOWHERE = -1;
const WORDS = [...'false null true'.split(' ')].map((word) => Buffer.from(word));

/**
 * Where a document ends that is its own canonical text, as most are that we have stored; -1 where one would have to look
 * closer. It makes no text, which takes a tenth of the time.
 * @param bytes with another byte behind the document.
 */
export function endOfCanonical(bytes: Uint8Array, start: number, depth = 0): number {
  switch (bytes[start]) {
    case QUOTE:
      return endOfString(bytes, start, BEYOND_BYTES);
    case OPEN_OBJECT:
      return depth < MAX_DEPTH ? endOfObject(bytes, start, depth + 1) : NOWHERE;
    case OPEN_LIST:
      return depth < MAX_DEPTH ? endOfList(bytes, start, depth + 1) : NOWHERE;
    default:
      return endOfScalar(bytes, start);
  }
}

/** Where a text without escapes ends, or -1. @param limit bytes from there on are none that it may have. */
export function endOfString(bytes: Uint8Array, start: number, limit: number): number {
  let at = start + 1;
  for (let code = bytes[at] as number; code !== QUOTE; code = bytes[++at] as number)
    if (!(code >= SPACE && code < limit) || code === BACKSLASH) return NOWHERE;
  return at + 1;
}

/** Where a number in its shortest form ends, or a word; -1 for anything else. */
export function endOfScalar(bytes: Uint8Array, start: number): number {
  const first = bytes[start] === MINUS ? start + 1 : start;
  const point = endOfDigits(bytes, first);
  if (point === first) return endOfWord(bytes, start);
  const end = bytes[point] === POINT ? endOfDigits(bytes, point + 1) : point;
  const [whole, places] = [point - first, Math.max(0, end - point - 1)];
  const isZero = bytes[first] === ZERO;
  const isOther =
    whole + places > EXACT_DIGITS ||
    ((bytes[end] as number) | SPACE) === EXPONENT ||
    (isZero && (whole > 1 || places > PLACES_WITHOUT_EXPONENT || (places === 0 && first > start))) ||
    (end > point && (places === 0 || bytes[end - 1] === ZERO));
  return isOther ? NOWHERE : end;
}

function endOfDigits(bytes: Uint8Array, start: number): number {
  let at = start;
  for (let code = bytes[at] as number; code >= ZERO && code <= NINE; code = bytes[at] as number) at += 1;
  return at;
}

function endOfWord(bytes: Uint8Array, start: number): number {
  const found = WORDS.find((word) => word.every((code, at) => bytes[start + at] === code));
  return found ? start + found.length : NOWHERE;
}

function endOfList(bytes: Uint8Array, start: number, depth: number): number {
  if (bytes[start + 1] === CLOSE_LIST) return start + 2;
  for (let at = start; ; ) {
    at = endOfCanonical(bytes, at + 1, depth);
    if (at === NOWHERE) return NOWHERE;
    if (bytes[at] === CLOSE_LIST) return at + 1;
    if (bytes[at] !== COMMA) return NOWHERE;
  }
}

function endOfObject(bytes: Uint8Array, start: number, depth: number): number {
  if (bytes[start + 1] === CLOSE_OBJECT) return start + 2;
  let earlier = NOWHERE;
  for (let at = start; ; ) {
    const name = at + 1;
    if (bytes[name] !== QUOTE || (earlier !== NOWHERE && !isBehind(bytes, name + 1, earlier + 1))) return NOWHERE;
    earlier = name;
    at = endOfString(bytes, name, BEYOND_ASCII);
    if (at === NOWHERE || bytes[at] !== COLON) return NOWHERE;
    at = endOfCanonical(bytes, at + 1, depth);
    if (at === NOWHERE) return NOWHERE;
    if (bytes[at] === CLOSE_OBJECT) return at + 1;
    if (bytes[at] !== COMMA) return NOWHERE;
  }
}

/** Whether a name sorts behind one before it; both go on to a quote, the first of them perhaps to the end of all. */
function isBehind(bytes: Uint8Array, name: number, earlier: number): boolean {
  for (let at = 0; ; at++) {
    const [code, other] = [bytes[name + at] as number, bytes[earlier + at] as number];
    if (other === QUOTE) return code !== QUOTE;
    if (code !== other) return code !== QUOTE && code > other;
  }
}
