/** The target that names no resource. */
const NOTHING = '*';

/**
 * Path and query of a request's target. Clients may also send it in absolute form (`GET http://host/path`); one that has
 * no path, or cannot be read, names nothing.
 */
export function originForm(target: string = NOTHING): string {
  if (target.startsWith('/')) return target;
  const url = URL.canParse(target) ? new URL(target) : undefined;
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url.pathname + url.search : NOTHING;
}
