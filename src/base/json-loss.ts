/**
 * What JSON has left out of a value without a word: a Map or Set becomes `{}`, NaN, Infinity and an invalid Date become
 * `null`, a function or symbol nothing.
 * @param text the value, perhaps within others, as JSON: whoever finds neither `{}` nor `null` in it need not look closer.
 * @returns its kind; `undefined` where nothing is lost. A function that is one property of many is nobody's data.
 */
export function jsonLoss(value: unknown, text: string): string | undefined {
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  return text.includes('{}') || text.includes('null') ? lossWithin(value) : undefined;
}

function lossWithin(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : String(value);
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof Date && Number.isNaN(value.getTime())) return 'an invalid Date';
  if ('toJSON' in value) return undefined;
  if (value instanceof Map) return 'a Map';
  if (value instanceof Set) return 'a Set';
  for (const part of Object.values(value)) {
    const loss = lossWithin(part);
    if (loss) return loss;
  }
  return undefined;
}
