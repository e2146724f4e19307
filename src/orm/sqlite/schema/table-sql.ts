/** What SQLite keeps nowhere but in the statement that made a table. */
const OPAQUE = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g;
const NAME = /^(?:"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|\[([^\]]*)\]|'((?:[^']|'')*)'|([^\s(,]+))/;
const COMPUTED = /\bAS\s*\(/i;
const CHECK = /(?:\bCONSTRAINT\s+(\S+)\s+)?\bCHECK\s*\(/dgi;

export function isAutoincrement(sql: string): boolean {
  return /\bAUTOINCREMENT\b/i.test(plain(sql));
}

/** The expressions of generated columns, by their names in lower case. */
export function generatedExpressions(sql: string): Map<string, string> {
  const text = plain(sql);
  const expressions = new Map<string, string>();
  for (const [from, to] of definitions(text)) {
    const computed = COMPUTED.exec(text.slice(from, to));
    const column = identifier(sql.slice(from, to));
    if (!computed || column === undefined) continue;
    const start = from + computed.index + computed[0].length;
    expressions.set(column.toLowerCase(), sql.slice(start, closing(text, start)).trim());
  }
  return expressions;
}

/** A check as it is written, named where it has a name. */
export interface WrittenCheck {
  readonly name: string | undefined;
  readonly expression: string;
}

export function writtenChecks(sql: string): WrittenCheck[] {
  const text = plain(sql);
  return [...text.matchAll(CHECK)].map((found) => {
    const start = found.index + found[0].length;
    const [nameFrom, nameTo] = found.indices?.[1] ?? [0, 0];
    const name = nameTo > nameFrom ? identifier(sql.slice(nameFrom, nameTo)) : undefined;
    return { name, expression: sql.slice(start, closing(text, start)).trim() };
  });
}

/** The text in the same length, without what stands in quotes or comments. */
function plain(sql: string): string {
  return sql.replace(OPAQUE, (found) => (/^(?:--|\/\*)/.test(found) ? ' ' : '_').repeat(found.length));
}

/** The name that a text begins with, without its quotes. */
function identifier(text: string): string | undefined {
  const name = NAME.exec(text);
  if (!name) return undefined;
  const [, double = '', back = '', bracket = '', single = '', bare = ''] = name;
  return `${double.replaceAll('""', '"')}${back.replaceAll('``', '`')}${bracket}${single.replaceAll("''", "'")}${bare}`;
}

/** From where to where each definition of a column or a rule goes. */
function* definitions(text: string): Generator<[from: number, to: number]> {
  const body = text.indexOf('(') + 1;
  const end = closing(text, body);
  let depth = 0;
  let from = body;
  for (let at = body; at <= end; at++) {
    const character = text.charAt(at);
    if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    if (at < end && !(character === ',' && depth === 0)) continue;
    yield [from + (text.slice(from, at).length - text.slice(from, at).trimStart().length), at];
    from = at + 1;
  }
}

/** Where the parenthesis ends that has begun before `start`. */
function closing(text: string, start: number): number {
  let depth = 1;
  for (let at = start; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '(') depth += 1;
    else if (character === ')' && --depth === 0) return at;
  }
  return text.length;
}
