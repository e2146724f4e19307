const TEXT = /^(?:character varying\((\d+)\)|character varying|text)(?: COLLATE "[^"]+")?$/;
const NUMERIC = /^numeric\((\d+),(\d+)\)$/;
const UUID_LENGTH = 36;
const LADDERS = [
  ['smallint', 'integer', 'bigint'],
  ['real', 'double precision'],
];

/** Whether every value of a column type also is one of another, so that ALTER COLUMN cannot lose any. */
export function widens(from: string, to: string): boolean {
  const [short, long] = [textLength(from), textLength(to)];
  if (short !== undefined && long !== undefined) return short <= long;
  if (from === 'uuid' && long !== undefined) return UUID_LENGTH <= long;
  if (LADDERS.some((ladder) => ladder.includes(from) && ladder.indexOf(from) < ladder.indexOf(to))) return true;
  const [narrow, wide] = [decimalSize(from), decimalSize(to)];
  if (!narrow || !wide) return false;
  return wide.scale >= narrow.scale && wide.precision - wide.scale >= narrow.precision - narrow.scale;
}

/** The condition of the rows whose value would not fit, where it is only a matter of size. */
export function misfits(column: string, from: string, to: string): string | undefined {
  const length = textLength(to);
  if (textLength(from) !== undefined && length !== undefined) return `char_length(${column}) > ${length}`;
  const size = decimalSize(to);
  if (!decimalSize(from) || !size) return undefined;
  const { precision, scale } = size;
  return `ABS(${column}) >= 1${'0'.repeat(precision - scale)} OR ${column} <> ROUND(${column}, ${scale})`;
}

function decimalSize(type: string): { precision: number; scale: number } | undefined {
  const match = NUMERIC.exec(type);
  return match ? { precision: Number(match[1]), scale: Number(match[2]) } : undefined;
}

/** In characters. */
function textLength(type: string): number | undefined {
  const match = TEXT.exec(type);
  if (!match) return undefined;
  return match[1] === undefined ? Number.POSITIVE_INFINITY : Number(match[1]);
}
