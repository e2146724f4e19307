import {
  BACKSLASH,
  BEYOND_ASCII,
  CLOSE_LIST,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  EXACT_DIGITS,
  MAX_DEPTH,
  MINUS,
  MOST_UNSORTED,
  NINE,
  OPEN_LIST,
  OPEN_OBJECT,
  PLACES_WITHOUT_EXPONENT,
  POINT,
  QUOTE,
  SPACE,
  ZERO,
} from './json-characters.js';

const BEYOND_UNICODE = 0x11_00_00;

const WORDS: Readonly<Record<number, string>> = { 102: 'false', 110: 'null', 116: 'true' };

/**
 * The canonical text of a document that is made of what nearly all are made of: texts without escapes, names in ASCII,
 * numbers of few digits. It makes no objects, which takes a fifth of the time. `undefined` for any other document (one
 * that has a name twice is another one), and for what is none.
 */
export function plainJson(text: string): string | undefined {
  return new PlainJson(text, 1).upTo(text.length);
}

/** The same for the cell of a CSV file that holds it; so is the result. */
export function plainJsonCell(cell: string): string | undefined {
  if (cell.charCodeAt(0) !== QUOTE) return plainJson(cell);
  const value = new PlainJson(cell, 2).upTo(cell.length - 1);
  return value === undefined ? undefined : `"${value}"`;
}

class PlainJson {
  readonly #text: string;
  /** How many characters a quote takes; where it takes two, one stands before the document. */
  readonly #width: 1 | 2;
  #at: number;

  constructor(text: string, width: 1 | 2) {
    this.#text = text;
    this.#width = width;
    this.#at = width - 1;
  }

  upTo(end: number): string | undefined {
    const value = this.#value(0);
    return this.#at === end ? value : undefined;
  }

  #value(depth: number): string | undefined {
    const start = this.#at;
    switch (this.#text.charCodeAt(start)) {
      case QUOTE:
        return this.#skipString(BEYOND_UNICODE) ? this.#text.slice(start, this.#at) : undefined;
      case OPEN_OBJECT:
        return depth < MAX_DEPTH ? this.#object(depth + 1) : undefined;
      case OPEN_LIST:
        return depth < MAX_DEPTH ? this.#list(depth + 1) : undefined;
      default:
        return this.#number() ?? this.#word();
    }
  }

  /** @param limit characters from there on are none that it may have. @returns whether it is a plain one. */
  #skipString(limit: number): boolean {
    const text = this.#text;
    let at = this.#at + this.#width;
    for (let code = text.charCodeAt(at); code !== QUOTE; code = text.charCodeAt(at)) {
      if (!(code >= SPACE && code < limit) || code === BACKSLASH) return false;
      at += 1;
    }
    this.#at = at + this.#width;
    return true;
  }

  #number(): string | undefined {
    const text = this.#text;
    const start = this.#at;
    const first = text.charCodeAt(start) === MINUS ? start + 1 : start;
    const point = this.#digits(first);
    const end = text.charCodeAt(point) === POINT ? this.#digits(point + 1) : point;
    const [whole, places] = [point - first, Math.max(0, end - point - 1)];
    const isZero = text.charCodeAt(first) === ZERO;
    const code = text.charCodeAt(end) | 32;
    const isOther =
      whole === 0 ||
      whole + places > EXACT_DIGITS ||
      code === 101 || // e, an exponent
      (isZero && (whole > 1 || places > PLACES_WITHOUT_EXPONENT || (places === 0 && first > start))) ||
      (end > point && (places === 0 || text.charCodeAt(end - 1) === ZERO));
    if (isOther) return undefined;
    this.#at = end;
    return text.slice(start, end);
  }

  /** Where the digits from there end. */
  #digits(start: number): number {
    let at = start;
    for (let code = this.#text.charCodeAt(at); code >= ZERO && code <= NINE; code = this.#text.charCodeAt(at)) at += 1;
    return at;
  }

  #word(): string | undefined {
    const word = WORDS[this.#text.charCodeAt(this.#at)];
    if (word === undefined || !this.#text.startsWith(word, this.#at)) return undefined;
    this.#at += word.length;
    return word;
  }

  #list(depth: number): string | undefined {
    this.#at += 1;
    if (this.#skip(CLOSE_LIST)) return '[]';
    let out = '[';
    for (;;) {
      const value = this.#value(depth);
      if (value === undefined) return undefined;
      out += value;
      if (this.#skip(CLOSE_LIST)) return `${out}]`;
      if (!this.#skip(COMMA)) return undefined;
      out += ',';
      this.#skip(SPACE);
    }
  }

  #object(depth: number): string | undefined {
    this.#at += 1;
    if (this.#skip(CLOSE_OBJECT)) return '{}';
    const members = new Members();
    for (;;) {
      if (!this.#member(members, depth)) return undefined;
      if (this.#skip(CLOSE_OBJECT)) return members.text();
      if (!this.#skip(COMMA)) return undefined;
      this.#skip(SPACE);
    }
  }

  #member(members: Members, depth: number): boolean {
    const start = this.#at;
    if (this.#text.charCodeAt(start) !== QUOTE || !this.#skipString(BEYOND_ASCII)) return false;
    const end = this.#at;
    if (!this.#skip(COLON)) return false;
    this.#skip(SPACE);
    const value = this.#value(depth);
    if (value === undefined) return false;
    const name = this.#text.slice(start + this.#width, end - this.#width);
    return members.add(name, `${this.#text.slice(start, end)}:${value}`);
  }

  #skip(code: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== code) return false;
    this.#at += 1;
    return true;
  }
}

/** Members of an object in the order of their names. */
class Members {
  readonly #names: string[] = [];
  readonly #texts: string[] = [];

  /** @returns whether it could be put in its place. */
  add(name: string, text: string): boolean {
    const { length } = this.#names;
    let place = length;
    while (place > 0 && (this.#names[place - 1] as string) >= name) place -= 1;
    if (this.#names[place] === name || (place < length && length > MOST_UNSORTED)) return false;
    if (place === length) {
      this.#names.push(name);
      this.#texts.push(text);
    } else {
      this.#names.splice(place, 0, name);
      this.#texts.splice(place, 0, text);
    }
    return true;
  }

  text(): string {
    return `{${this.#texts.join(',')}}`;
  }
}
