/** What a cached text depends on besides its time to live. */
export interface EntryTerms {
  /** The versions that its tags had before it was computed. */
  readonly tags?: Readonly<Record<string, string>>;
  /** When it should be computed anew, ms since 1970; until its time to live is over it may be handed out meanwhile. */
  readonly freshUntil?: number;
}

export interface StoredEntry extends EntryTerms {
  /** The encoded value. */
  readonly text: string;
}

/** JSON never begins with it. */
const MARK = '#';

/** An encoded value with its terms, in one text; without terms the value's own. */
export function writeEntry({ text, ...terms }: StoredEntry): string {
  return terms.tags || terms.freshUntil !== undefined ? `${MARK}${JSON.stringify(terms)}\n${text}` : text;
}

export function readEntry(stored: string): StoredEntry {
  if (!stored.startsWith(MARK)) return { text: stored };
  const end = stored.indexOf('\n');
  return { ...(JSON.parse(stored.slice(MARK.length, end)) as EntryTerms), text: stored.slice(end + 1) };
}
