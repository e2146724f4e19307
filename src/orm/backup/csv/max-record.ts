/** Longest record, bytes: a restore holds one at once, and so it would hold what a hostile file calls one. */
export const MAX_RECORD = 256 * 1024 * 1024;
