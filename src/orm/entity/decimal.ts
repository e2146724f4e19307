const DECIMAL = /^([+-]?)0*(\d*)(?:\.(\d+))?$/;

/**
 * The one canonical text of a decimal: no plus, no leading zeros, exactly `scale` digits behind the point, no `-0`.
 * @returns the text, or why `text` is not a decimal of that size.
 */
export function canonicalDecimal(text: string, precision: number, scale: number): { text: string } | { fault: string } {
  const match = /\d/.test(text) ? DECIMAL.exec(text) : null;
  if (!match) return { fault: 'must be a decimal number written as text, such as "12.50"' };
  const [, sign = '', whole = '', fraction = ''] = match;
  const kept = fraction.slice(0, scale).padEnd(scale, '0');
  if (/[1-9]/.test(fraction.slice(scale))) return { fault: `has more than ${scale} digits behind the point` };
  if (whole.length > precision - scale) return { fault: `has more than ${precision - scale} digits before the point` };
  const digits = `${whole || '0'}${scale > 0 ? `.${kept}` : ''}`;
  return { text: sign === '-' && /[1-9]/.test(digits) ? `-${digits}` : digits };
}

/** The canonical text of a decimal that is counted in its last digit: `decimalOf(1250n, 2)` is `'12.50'`. */
export function decimalOf(digits: bigint, scale: number): string {
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0');
  const point = text.length - scale;
  return `${digits < 0n ? '-' : ''}${text.slice(0, point)}${scale > 0 ? `.${text.slice(point)}` : ''}`;
}
