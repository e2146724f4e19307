import { SchemaError } from '../../base/errors.js';

export const MEMORY = ':memory:';

/**
 * The file a `sqlite:` URL names: `sqlite:./x.db` and `sqlite:///x.db` are relative, `sqlite:////x.db` is absolute,
 * `sqlite::memory:` is no file at all.
 */
export function sqliteFile(url: string): string {
  const rest = url.slice('sqlite:'.length);
  const path = rest.startsWith('///') ? rest.slice(3) : rest.startsWith('//') ? rest.slice(2) : rest;
  if (path === '' || path.includes('\0')) {
    throw new SchemaError(`"${url}" names no file; write sqlite:./data/app.db or sqlite::memory:`);
  }
  return path;
}
