import type { Addition } from '../../dialect/dialect.js';

/** SUM of integers fails beyond 64 bits: their upper and lower halves are added up apart. */
export const integerAddition: Addition = {
  expressions: (column) => [`SUM(${column} >> 32)`, `SUM(${column} & 4294967295)`],
  total: ([upper = 0n, lower = 0n]) => upper * 2n ** 32n + lower,
};

/** A decimal that is stored as a number counts its last digits: SUM itself would round. */
export function numericAddition(scale: number): Addition {
  const { expressions, total } = integerAddition;
  return { expressions: (column) => expressions(`CAST(ROUND(${column} * 1e${scale}) AS INTEGER)`), total };
}

/** Nine digits of four billion rows fit into 64 bits. */
const DIGITS = 9;

/** A decimal that is stored as text is added up nine digits at a time; negative ones are written as complements. */
export function textAddition(digits: number): Addition {
  const starts = Array.from({ length: Math.ceil(digits / DIGITS) }, (_, index) => index * DIGITS);
  const lengthAt = (start: number): number => Math.min(DIGITS, digits - start);
  return {
    expressions: (column) => {
      const text = `replace(replace(${column}, '-', ''), '.', '')`;
      return starts.map((start) => {
        const nines = '9'.repeat(lengthAt(start));
        const part = `CAST(substr(${text}, ${start + 1}, ${nines.length}) AS INTEGER)`;
        return `SUM(CASE WHEN ${column} < '0' THEN ${part} - ${nines} ELSE ${part} END)`;
      });
    },
    total: (sums) => sums.reduce((total, sum, index) => total * 10n ** BigInt(lengthAt(starts[index] ?? 0)) + sum, 0n),
  };
}
