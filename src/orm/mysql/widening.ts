const TEXT = /^(?:(?:var)?char\((\d+)\)|(tiny|medium|long)?text)(?: collate \w+)?$/;
const DECIMAL = /^decimal\((\d+),(\d+)\)$/;
const INTEGERS = ['tinyint(1)', 'tinyint', 'smallint', 'mediumint', 'int', 'bigint'];
const CHARACTERS: Readonly<Record<string, number>> = { tiny: 63, medium: 4_194_303, long: Number.POSITIVE_INFINITY };

/** Whether every value of a column type also is one of another, so that MODIFY COLUMN cannot lose any. */
export function widens(from: string, to: string): boolean {
  const [short, long] = [textLength(from), textLength(to)];
  if (short !== undefined && long !== undefined) return short <= long;
  if (INTEGERS.includes(from) && INTEGERS.includes(to)) return INTEGERS.indexOf(from) <= INTEGERS.indexOf(to);
  const [narrow, wide] = [DECIMAL.exec(from), DECIMAL.exec(to)];
  if (!narrow || !wide) return false;
  const [precision, scale] = [Number(narrow[1]), Number(narrow[2])];
  const [newPrecision, newScale] = [Number(wide[1]), Number(wide[2])];
  return newScale >= scale && newPrecision - newScale >= precision - scale;
}

/** In characters of four bytes. */
function textLength(type: string): number | undefined {
  const match = TEXT.exec(type);
  if (!match) return undefined;
  return match[1] === undefined ? (CHARACTERS[match[2] ?? ''] ?? 16_383) : Number(match[1]);
}
