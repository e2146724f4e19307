import type { Flavor } from '../flavor.js';
import { literal } from '../quote.js';

const TEXTUAL = /^(?:var)?char|text|^enum|^date|^time/;
const BYTES = /blob|binary/;
const EXPRESSION = /DEFAULT_GENERATED/i;

/**
 * The default of a column in the one way in which the dialect writes it, however the server shows it.
 * @param shown `COLUMN_DEFAULT` of `information_schema.columns`.
 */
export function canonicalDefault(
  flavor: Flavor,
  type: string,
  shown: string | null,
  extra: string,
): string | undefined {
  if (shown === null || (flavor.literalDefaults && shown.toUpperCase() === 'NULL')) return undefined;
  if (BYTES.test(type)) return bytesLiteral(shown);
  const isLiteral = flavor.literalDefaults || EXPRESSION.test(extra);
  if (TEXTUAL.test(type)) return isLiteral ? textLiteral(shown) : literal(shown);
  const text = isLiteral ? unquoted(shown) : shown;
  // Decimals travel as text, so that is how their defaults are written.
  if (/^decimal/.test(type)) return literal(text);
  return /^(?:double|float)/.test(type) ? String(Number(text)) : text;
}

function bytesLiteral(shown: string): string {
  const hex = /^(?:x'([0-9a-f]*)'|0x([0-9a-f]*))$/i.exec(shown);
  return hex ? `x'${(hex[1] ?? hex[2] ?? '').toLowerCase()}'` : shown;
}

function textLiteral(shown: string): string {
  const text = unquoted(shown);
  return text === shown ? shown : literal(text);
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', '0': '\0', Z: '\x1a' };

/** MySQL writes `_utf8mb4\'it\'s\'` where MariaDB writes `'it\'s'`, whatever the session says about backslashes. */
function unquoted(shown: string): string {
  const text = /^_\w+\\'([\s\S]*)\\'$/.exec(shown)?.[1] ?? /^'([\s\S]*)'$/.exec(shown)?.[1];
  return text === undefined ? shown : unescaped(text);
}

/** What a text means that the server shows between quotes. */
export function unescaped(text: string): string {
  return text.replace(/''|\\([\s\S])/g, (_, escaped: string | undefined) =>
    escaped === undefined ? "'" : (ESCAPES[escaped] ?? escaped),
  );
}
