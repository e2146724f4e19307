import { randomBytes } from 'node:crypto';

const MAX_LENGTH = 80;

/** `Ada & Co.` is `ada-co`; empty where nothing of the text can stand in a slug. */
export function slugOf(text: string): string {
  const words = text.normalize('NFKD').toLowerCase().replace(/\p{M}/gu, '');
  return trimmed(trimmed(words.replace(/[^a-z0-9]+/g, '-')).slice(0, MAX_LENGTH));
}

/** A slug that nobody has, for what was not named one. */
export function uniqueSlug(name: string): string {
  return `${slugOf(name) || 'workspace'}-${randomBytes(3).toString('hex')}`;
}

function trimmed(slug: string): string {
  return slug.replace(/^-|-$/g, '');
}
