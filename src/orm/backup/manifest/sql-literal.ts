const TEXT = /^\(?'((?:[^']|'')*)'(?:::[\w\s"().,]+)?\)?$/;
const NUMBER = /^\(?'?(-?\d+(?:\.\d+)?)'?\)?(?:::[\w\s"().,]+)?$/;

/** Whether two DEFAULT literals mean the same: engines spell them in their own way. */
export function sameLiteral(a: string, b: string): boolean {
  return a === b || meaningOf(a) === meaningOf(b);
}

function meaningOf(literal: string): string {
  const number = NUMBER.exec(literal)?.[1];
  if (number !== undefined) return String(Number(number));
  return TEXT.exec(literal)?.[1]?.replaceAll("''", "'") ?? literal.toLowerCase();
}
