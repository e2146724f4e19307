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
  claimedAt: Date;
}

const ENTRY = /^([hnl])(\d+)\.(\d+)\.(.+)$/;
const FIRST_ENTRY = /^([HNL])(.+)$/;
const CLAIM = /^(\d+):(.+)$/;

export function formatEntry({ priority, run, crashes, id }: Entry): string {
  if (run === 1 && crashes === 0) return priority.toUpperCase() + id;
  return `${priority}${run}.${crashes}.${id}`;
}

export function parseEntry(text: string): Entry {
  const [, first, only] = FIRST_ENTRY.exec(text) ?? [];
  if (first && only) return { priority: first.toLowerCase() as PriorityLetter, run: 1, crashes: 0, id: only };
  const [, priority, run, crashes, id] = ENTRY.exec(text) ?? [];
  if (!priority || !id) throw new KernelError('E_QUEUE_FORMAT', `"${text}" is not an entry of a job queue`);
  return { priority: priority as PriorityLetter, run: Number(run), crashes: Number(crashes), id };
}

export function parseClaim(text: string): Claim {
  const [, claimedAt, entry] = CLAIM.exec(text) ?? [];
  if (!entry) throw new KernelError('E_QUEUE_FORMAT', `"${text}" is not a claim of a job queue`);
  return { ...parseEntry(entry), text, claimedAt: new Date(Number(claimedAt)) };
}
