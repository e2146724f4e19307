const TEXT = /^(?:character varying\((\d+)\)|character varying|text)(?: COLLATE "[^"]+")?$/;
const NUMERIC = /^numeric\((\d+),(\d+)\)$/;
const LADDERS = [
  ['smallint', 'integer', 'bigint'],
  ['real', 'double precision'],
];

/** Whether every value of a column type also is one of another, so that ALTER COLUMN cannot lose any. */
export function widens(from: string, to: string): boolean {
  const [short, long] = [textLength(from), textLength(to)];
  if (short !== undefined && long !== undefined) return short <= long;
  if (LADDERS.some((ladder) => ladder.includes(from) && ladder.indexOf(from) < ladder.indexOf(to))) return true;
  const [narrow, wide] = [NUMERIC.exec(from), NUMERIC.exec(to)];
  if (!narrow || !wide) return false;
  const [precision, scale] = [Number(narrow[1]), Number(narrow[2])];
  const [newPrecision, newScale] = [Number(wide[1]), Number(wide[2])];
  return newScale >= scale && newPrecision - newScale >= precision - scale;
}

/** In characters. */
function textLength(type: string): number | undefined {
  const match = TEXT.exec(type);
  if (!match) return undefined;
  return match[1] === undefined ? Number.POSITIVE_INFINITY : Number(match[1]);
}
