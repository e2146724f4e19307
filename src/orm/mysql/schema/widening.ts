const TEXT = /^(?:(?:var)?char\((\d+)\)|(tiny|medium|long)?text)(?: collate \w+)?$/;
const DECIMAL = /^decimal\((\d+),(\d+)\)$/;
const INTEGERS = ['tinyint(1)', 'tinyint', 'smallint', 'mediumint', 'int', 'bigint'];
const CHARACTERS: Readonly<Record<string, number>> = { tiny: 63, medium: 4_194_303, long: Number.POSITIVE_INFINITY };

/** Whether every value of a column type also is one of another, so that MODIFY COLUMN cannot lose any. */
export function widens(from: string, to: string): boolean {
  const [short, long] = [textLength(from), textLength(to)];
  if (short !== undefined && long !== undefined) return short <= long;
  if (INTEGERS.includes(from) && INTEGERS.includes(to)) return INTEGERS.indexOf(from) <= INTEGERS.indexOf(to);
  const [narrow, wide] = [decimalSize(from), decimalSize(to)];
  if (!narrow || !wide) return false;
  return wide.scale >= narrow.scale && wide.precision - wide.scale >= narrow.precision - narrow.scale;
}

/** The condition of the rows whose value would not fit, where it is only a matter of size. */
export function misfits(column: string, from: string, to: string): string | undefined {
  const length = textLength(to);
  if (textLength(from) !== undefined && length !== undefined) return `CHAR_LENGTH(${column}) > ${length}`;
  const size = decimalSize(to);
  if (!decimalSize(from) || !size) return undefined;
  const { precision, scale } = size;
  return `ABS(${column}) >= 1${'0'.repeat(precision - scale)} OR ${column} <> ROUND(${column}, ${scale})`;
}

function decimalSize(type: string): { precision: number; scale: number } | undefined {
  const match = DECIMAL.exec(type);
  return match ? { precision: Number(match[1]), scale: Number(match[2]) } : undefined;
}

/** In characters of four bytes. */
function textLength(type: string): number | undefined {
  const match = TEXT.exec(type);
  if (!match) return undefined;
  return match[1] === undefined ? (CHARACTERS[match[2] ?? ''] ?? 16_383) : Number(match[1]);
}
