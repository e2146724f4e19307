const ISO_LENGTH = '2026-01-01T00:00:00.000Z'.length;
const ZERO = 48;

let lastMs = Number.NaN;
let lastIso = '';

/** A moment as ISO text, UTC. Many rows are written in one millisecond: to remember it saves the 0.5 µs of making the text. */
export function isoTime(ms: number): string {
  if (ms !== lastMs) {
    lastIso = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastIso;
}

let lastDay = -1;
let startOfDay = 0;

/**
 * ISO text as a Date. Rows that are read together are often of one day: to remember it makes a Date in 0.25 instead of
 * 0.65 µs.
 */
export function fromIsoTime(text: string): Date {
  if (text.length !== ISO_LENGTH) return new Date(text);
  const day = (twoDigits(text, 0) * 100 + twoDigits(text, 2)) * 10_000 + twoDigits(text, 5) * 100 + twoDigits(text, 8);
  if (day !== lastDay) {
    startOfDay = Date.parse(text.slice(0, 10));
    lastDay = day;
  }
  const minutes = twoDigits(text, 11) * 60 + twoDigits(text, 14);
  const milliseconds = twoDigits(text, 20) * 10 + text.charCodeAt(22) - ZERO;
  return new Date(startOfDay + minutes * 60_000 + twoDigits(text, 17) * 1_000 + milliseconds);
}

function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - ZERO) * 10 + text.charCodeAt(at + 1) - ZERO;
}
