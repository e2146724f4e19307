import { KernelError } from '../../base/errors.js';

export type JobPriority = 'high' | 'normal' | 'low';

/** First letter of an entry, and last of a waiting list's key. */
export type PriorityLetter = 'h' | 'n' | 'l';

const LETTERS: Readonly<Record<JobPriority, PriorityLetter>> = { high: 'h', normal: 'n', low: 'l' };
const PRIORITIES: Readonly<Record<string, JobPriority>> = { h: 'high', n: 'normal', l: 'low' };

export const PRIORITY_NAMES = Object.keys(LETTERS) as readonly JobPriority[];

export function priorityLetter(priority: JobPriority): PriorityLetter {
  return LETTERS[priority];
}

export function priorityOf(letter: string): JobPriority {
  return PRIORITIES[letter] ?? 'normal';
}

/**
 * What stands in a waiting list: `n2.1.<id>` is a job of normal priority whose second run comes next, after one crash,
 * and `N<id>` one that has not run yet, as most in line: each byte of it is there once for every job that waits. A worker holds it as a claim, `<claimed at, ms>:n2.1.<id>`. A claim is in one worker's processing list only, so
 * finding it there proves ownership: a late acknowledgement names a claim that is gone.
 */
export interface Entry {
  priority: PriorityLetter;
  /** Which run comes next, or is under way: 1, 2, 3… */
  run: number;
  /** How many of the runs before ended with the death of their worker. */
  crashes: number;
  id: string;
}

export interface Claim extends Entry {
  /** The text that stands in the processing list. */
  text: string;
  /** Redis time, ms. */
  claimedAtMs: number;
  /** No run came before it. */
  isFirst: boolean;
}

const ENTRY = /^([hnl])(\d+)\.(\d+)\.(.+)$/;
/** Digits of a time. */
const TIME_DIGITS = 13;
/** Letters of first entries; most entries are such, and regular expressions took more of a worker's time than anything else. */
const FIRST_LETTERS: Readonly<Record<string, PriorityLetter>> = { H: 'h', N: 'n', L: 'l' };

export function formatEntry({ priority, run, crashes, id }: Entry): string {
  if (run === 1 && crashes === 0) return priority.toUpperCase() + id;
  return `${priority}${run}.${crashes}.${id}`;
}

export function parseEntry(text: string): Entry {
  const first = firstLetter(text, 0);
  if (first) return { priority: first, run: 1, crashes: 0, id: text.slice(1) };
  const [, priority, run, crashes, id] = ENTRY.exec(text) ?? [];
  if (!priority || !id) throw new KernelError('E_QUEUE_FORMAT', `"${text}" is not an entry of a job queue`);
  return { priority: priority as PriorityLetter, run: Number(run), crashes: Number(crashes), id };
}

export function parseClaim(text: string): Claim {
  const claimedAtMs = Number(text.slice(0, TIME_DIGITS));
  if (text[TIME_DIGITS] !== ':' || Number.isNaN(claimedAtMs)) {
    throw new KernelError('E_QUEUE_FORMAT', `"${text}" is not a claim of a job queue`);
  }
  const at = TIME_DIGITS + 1;
  const priority = firstLetter(text, at);
  if (priority) return { priority, run: 1, crashes: 0, id: text.slice(at + 1), text, claimedAtMs, isFirst: true };
  return { ...parseEntry(text.slice(at)), text, claimedAtMs, isFirst: false };
}

function firstLetter(text: string, at: number): PriorityLetter | undefined {
  return text.length > at + 1 ? FIRST_LETTERS[text.charAt(at)] : undefined;
}
