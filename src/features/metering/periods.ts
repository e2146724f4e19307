/** A stretch of UTC time that usage is added up over. */
export const USAGE_PERIODS = ['day', 'month', 'year'] as const;
export type UsagePeriod = (typeof USAGE_PERIODS)[number];

export const PERIOD_KEY_LENGTHS: Readonly<Record<UsagePeriod, number>> = { year: 4, month: 7, day: 10 };
const KEY = /^\d{4}(-\d{2}(-\d{2})?)?$/;

/** `2026-11-29`, `2026-11` or `2026`: those a moment is in. */
export function periodKeys(at: Date): string[] {
  return USAGE_PERIODS.map((period) => at.toISOString().slice(0, PERIOD_KEY_LENGTHS[period]));
}

/** The key of the period that a moment is in; what is a key already stays one. */
export function periodKey(period: string, at: Date): string {
  const length = PERIOD_KEY_LENGTHS[period as UsagePeriod];
  return length === undefined ? period : at.toISOString().slice(0, length);
}

/** Whether it is `day`, `month`, `year`, or the key of one. */
export function isPeriod(period: string): boolean {
  return Object.hasOwn(PERIOD_KEY_LENGTHS, period) || KEY.test(period);
}
