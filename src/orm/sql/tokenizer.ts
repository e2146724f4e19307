import { SchemaError, ValidationError } from '../../base/errors.js';
import type { NextPlaceholder } from './read/fragment.js';

/** One piece of hand-written SQL. */
export type Token = { kind: 'text'; text: string } | { kind: 'identifier'; name: string } | { kind: 'parameter' };

/** Literals, quoted identifiers and comments pass untouched; `[[`, `]]` and `??` stand for the plain characters. */
const PIECES =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|--[^\n]*|\/\*[\s\S]*?\*\/|\[\[|\]\]|\[([A-Za-z_][A-Za-z0-9_]*)\]|\?\?|\?|[();]/g;

const ESCAPED: Record<string, string> = { '[[': '[', ']]': ']', '??': '?' };

/**
 * Splits hand-written SQL into text, `[identifiers]` and `?` parameters.
 * @param fragment whether it will stand inside parentheses, which it then must not be able to leave.
 */
export function tokenize(sql: string, fragment: boolean): Token[] {
  const tokens: Token[] = [];
  let text = '';
  let end = 0;
  let depth = 0;
  for (const match of sql.matchAll(PIECES)) {
    const [piece, identifier] = match;
    text += sql.slice(end, match.index);
    end = match.index + piece.length;
    if (identifier !== undefined || piece === '?') {
      tokens.push(
        { kind: 'text', text },
        identifier === undefined ? { kind: 'parameter' } : { kind: 'identifier', name: identifier },
      );
      text = '';
      continue;
    }
    if (fragment) depth = checkFragment(piece, depth);
    text += ESCAPED[piece] ?? piece;
  }
  text += sql.slice(end);
  if (fragment) assertClosed(text, sql.slice(end), depth);
  return [...tokens, { kind: 'text', text }];
}

function checkFragment(piece: string, depth: number): number {
  if (piece === ';') throw new ValidationError([], 'A condition must be one expression; it contains ";"');
  if (/^\/\*M?!/.test(piece))
    throw new ValidationError([], 'A condition contains /*! … */, which MySQL and MariaDB run as SQL');
  if (piece === ')' && depth === 0)
    throw new ValidationError([], 'A condition closes a parenthesis that it did not open');
  return depth + (piece === '(' ? 1 : piece === ')' ? -1 : 0);
}

function assertClosed(lastText: string, rest: string, depth: number): void {
  if (depth !== 0) throw new ValidationError([], 'A condition leaves a parenthesis open');
  if (/['"`]|\/\*/.test(rest))
    throw new ValidationError([], `A condition leaves a quote or a comment open: ${lastText.trim()}`);
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
