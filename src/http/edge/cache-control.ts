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
const FIVE_MINUTES: readonly Header[] = [['Cache-Control', 'public, max-age=300, must-revalidate']];
const NOTHING: readonly Header[] = [];

const ASSET = /\.(?:js|css|png|jpe?g|gif|svg|ico|woff2?|ttf|eot|webp|avif|mp4|webm|map)$/i;
/** The last part of a name, set off by `.` or `-`, when it is eight or more hex digits. */
const HEX_HASH = /[.-][0-9a-f]{8,}\.[^.]+(?:\.map)?$/i;
/** Eight base64url characters, as Vite writes them: `index-BxY_3kPq.js`. */
const BASE64_HASH = /[.-]([\w-]{8})\.[^.]+(?:\.map)?$/;
/** A word, or some of them: `settings`, `UserList`, `my-page1`. */
const WORDS = /^[A-Z]?[a-z]+(?:[A-Z_-]?[a-z]+)*\d*$|^[A-Z]+\d*$|^\d+$/;

/** How long an answer on `path` may be kept: never below an API prefix, for ever where its name carries a hash. */
export function cacheHeadersFor(path: string, apiPrefixes: readonly string[]): readonly Header[] {
  if (apiPrefixes.some((prefix) => isBelow(path, prefix))) return NEVER_STORED;
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (ASSET.test(name)) return isHashed(name) ? IMMUTABLE : ONE_HOUR;
  return !name.includes('.') || name.endsWith('.html') ? ALWAYS_FRESH : NOTHING;
}

/** How long a file that is there may be kept, by its name. */
export function cacheHeadersOfFile(name: string): readonly Header[] {
  const headers = cacheHeadersFor(`/${name}`, []);
  return headers === NOTHING ? FIVE_MINUTES : headers;
}

export function isAsset(path: string): boolean {
  return ASSET.test(path);
}

/**
 * Whether a name changes with its content. A name that only looks so would be kept for a year, so what reads like words is
 * none: one hash of Vite in twenty-five reads like words by chance, and is kept for an hour.
 */
function isHashed(name: string): boolean {
  if (HEX_HASH.test(name)) return true;
  const [, hash] = BASE64_HASH.exec(name) ?? [];
  return hash !== undefined && !WORDS.test(hash);
}

/** Whether `path` is `prefix`, or below it. */
export function isBelow(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/');
}
