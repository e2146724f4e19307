import { SchemaError, ValidationError } from '../../base/errors.js';
import type { NextPlaceholder } from './read/fragment.js';

/** One piece of hand-written SQL. */
export type Token = { kind: 'text'; text: string } | { kind: 'identifier'; name: string } | { kind: 'parameter' };

/** Literals and quoted identifiers pass untouched; `[[`, `]]` and `??` stand for the plain characters. */
const PIECES =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|--[^\n]*|\/\*[\s\S]*?\*\/|\[\[|\]\]|\[([A-Za-z_][A-Za-z0-9_]*)\]|\?\?|\?|[();]/g;

const ESCAPED: Record<string, string> = { '[[': '[', ']]': ']', '??': '?' };

/** For conditions that no engine has been asked to run yet. */
export const NOTHING = /(?!)/;

/** Splits a hand-written statement into text, `[identifiers]` and `?` parameters. Comments stay. */
export function tokenize(sql: string): Token[] {
  assertWhole(sql);
  return split(sql, (text) => text);
}

/**
 * The same of a condition, which will stand inside parentheses and must not be able to leave them: other conditions, such as
 * the one on the tenant, stand behind. So nothing may be in it that an engine reads otherwise than it is read here. Comments,
 * in which engines differ, are left out.
 * @param misleading what the engine takes, outside of quotes, for the beginning of a comment or of a quote.
 * @throws ValidationError
 */
export function tokenizeCondition(sql: string, misleading: RegExp): Token[] {
  assertWhole(sql);
  let depth = 0;
  const tokens = split(sql, (text, gap, piece) => {
    assertPlain(gap, piece, text, misleading);
    if (piece === '(') depth += 1;
    if (piece === ')' && --depth < 0)
      throw new ValidationError([], 'A condition closes a parenthesis that it did not open');
    return /^(--|\/\*)/.test(piece) ? ' ' : text;
  });
  if (depth !== 0) throw new ValidationError([], 'A condition leaves a parenthesis open');
  return tokens;
}

/** A server that reads a text until its first NUL would not see the rest. */
function assertWhole(sql: string): void {
  if (sql.includes('\0')) throw new ValidationError([], 'A statement contains a NUL; pass values as parameters');
}

/** @param edit says what is written of a piece; it sees the text before the piece, too, and the end of it all as an empty piece. */
function split(sql: string, edit: (text: string, gap: string, piece: string) => string): Token[] {
  const tokens: Token[] = [];
  let text = '';
  let end = 0;
  for (const match of sql.matchAll(PIECES)) {
    const [piece, identifier] = match;
    const gap = sql.slice(end, match.index);
    const isText = identifier === undefined && piece !== '?';
    text += gap + edit(isText ? (ESCAPED[piece] ?? piece) : '', gap, piece);
    end = match.index + piece.length;
    if (isText) continue;
    tokens.push(
      { kind: 'text', text },
      identifier === undefined ? { kind: 'parameter' } : { kind: 'identifier', name: identifier },
    );
    text = '';
  }
  const rest = sql.slice(end);
  edit('', rest, '');
  return [...tokens, { kind: 'text', text: text + rest }];
}

function assertPlain(gap: string, piece: string, written: string, misleading: RegExp): void {
  const refuse = (fault: string): never => {
    throw new ValidationError([], `A condition ${fault}`);
  };
  if (/['"`]|\/\*/.test(gap)) refuse(`leaves a quote or a comment open: ${gap.trim()}`);
  if (piece === ';') refuse('must be one expression; it contains ";"');
  if (/^\/\*M?!/.test(piece)) refuse('contains /*! … */, which MySQL and MariaDB run as SQL');
  if (/^--\S/.test(piece)) refuse('contains "--" without a space behind it, which is no comment on MySQL and MariaDB');
  const [found] = misleading.exec(`${gap}${written.charAt(0)}`) ?? [];
  if (found !== undefined)
    refuse(`contains ${found}, where this database starts a comment or a quote of its own; pass values as parameters`);
}

/** Puts tokens together for an engine. @returns the SQL and how many parameters it takes. */
export function renderTokens(
  tokens: readonly Token[],
  column: (name: string) => string,
  next: NextPlaceholder,
): { sql: string; parameters: number } {
  const parts = tokens.map((token) => {
    if (token.kind === 'text') return token.text;
    return token.kind === 'identifier' ? column(token.name) : next();
  });
  return { sql: parts.join(''), parameters: tokens.filter(({ kind }) => kind === 'parameter').length };
}

/** @throws SchemaError with its mend when counts differ. */
export function assertParameterCount(expected: number, given: number, where: string): void {
  if (expected === given) return;
  throw new SchemaError(
    `${where} has ${expected} "?" but ${given} params were given; a literal question mark is written "??"`,
  );
}
