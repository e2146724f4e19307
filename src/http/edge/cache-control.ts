/** A header as `setHeader` takes it. */
export type Header = readonly [name: string, value: string];

export const NEVER_STORED: readonly Header[] = [['Cache-Control', 'no-store, max-age=0']];
const IMMUTABLE: readonly Header[] = [['Cache-Control', 'public, max-age=31536000, immutable']];
const ONE_HOUR: readonly Header[] = [['Cache-Control', 'public, max-age=3600, must-revalidate']];
const ALWAYS_FRESH: readonly Header[] = [
  ['Cache-Control', 'no-cache, no-store, must-revalidate'],
  ['Pragma', 'no-cache'],
  ['Expires', '0'],
  ['CDN-Cache-Control', 'no-store'],
  ['Cloudflare-CDN-Cache-Control', 'no-store'],
];
const NOTHING: readonly Header[] = [];

const ASSET = /\.(?:js|css|png|jpe?g|gif|svg|ico|woff2?|ttf|eot|webp|avif|mp4|webm|map)$/i;
/** The last part of a name, set off by `.` or `-`, when it is eight or more hex digits. */
const HASHED = /[.-][0-9a-f]{8,}\.[^.]+$/i;

/** How long an answer on `path` may be kept: never below an API prefix, for ever where its name carries a hash. */
export function cacheHeadersFor(path: string, apiPrefixes: readonly string[]): readonly Header[] {
  if (apiPrefixes.some((prefix) => isBelow(path, prefix))) return NEVER_STORED;
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (ASSET.test(name)) return HASHED.test(name) ? IMMUTABLE : ONE_HOUR;
  return !name.includes('.') || name.endsWith('.html') ? ALWAYS_FRESH : NOTHING;
}

function isBelow(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/');
}
