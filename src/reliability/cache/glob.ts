const SPECIAL = new Set(['*', '?', '[', ']', '\\']);

/** `text` as a pattern that matches only itself. */
export function escapePattern(text: string): string {
  return text.replace(/[*?[\]\\]/g, '\\$&');
}

/**
 * Whether `text` matches `pattern`: `*` any run of characters, `?` one character, `\` takes the next one literally.
 * Two cursors and one point to come back to, so that the time stays within length × length for any pattern.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  const tokens = parsePattern(pattern);
  let at = 0;
  let position = 0;
  let starAt = -1;
  let starPosition = 0;
  while (position < text.length) {
    const token = tokens[at];
    if (token === '*') {
      starAt = at++;
      starPosition = position;
    } else if (token !== undefined && (token === '?' || token === `=${text.charAt(position)}`)) {
      at += 1;
      position += 1;
    } else if (starAt >= 0) {
      at = starAt + 1;
      position = ++starPosition;
    } else {
      return false;
    }
  }
  return tokens.slice(at).every((token) => token === '*');
}

/**
 * A pattern for SCAN that matches at least what `pattern` does. Redis' own dialect differs (`[…]`, and `?` is a byte),
 * so whatever is special becomes `*`, and `matchesPattern` has the last word.
 */
export function toScanPattern(pattern: string): string {
  const coarse = parsePattern(pattern).map((token) => {
    const literal = token.slice(1);
    return token.startsWith('=') && !SPECIAL.has(literal) ? literal : '*';
  });
  return coarse.join('').replace(/\*+/g, '*');
}

/** `*`, `?`, or `=` and one literal character. */
function parsePattern(pattern: string): string[] {
  const tokens: string[] = [];
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern.charAt(index);
    const next = pattern.charAt(index + 1);
    if (character === '\\' && SPECIAL.has(next)) {
      tokens.push(`=${next}`);
      index += 1;
    } else {
      tokens.push(character === '*' || character === '?' ? character : `=${character}`);
    }
  }
  return tokens;
}
