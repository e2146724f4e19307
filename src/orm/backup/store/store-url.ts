/** Where backups go beside the folder of this machine. */
export interface StoreAddress {
  readonly bucket: string;
  /** Ends with `/`, or is empty. */
  readonly prefix: string;
  readonly region: string;
  /** Of a server that is not Amazon's. */
  readonly endpoint?: string;
  /** Left out: what the SDK finds in its own places. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const DEFAULT_REGION = 'us-east-1';

/** `s3://[key:secret@]bucket[/prefix][?region=…&endpoint=https://…]`; `undefined` for anything else. */
export function parseStoreUrl(text: string): StoreAddress | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, port, pathname, searchParams, username, password, hash } = new URL(text);
  const known = ['region', 'endpoint'];
  const isWrong = protocol !== 's3:' || !BUCKET.test(hostname) || port !== '' || hash !== '';
  if (isWrong || [...searchParams.keys()].some((name) => !known.includes(name))) return undefined;
  const endpoint = searchParams.get('endpoint');
  if (endpoint !== null && !/^https?:\/\/[^/?#@]+\/?$/.test(endpoint)) return undefined;
  if ((username === '') !== (password === '')) return undefined;
  const folder = decodeURIComponent(pathname).replace(/^\/+|\/+$/g, '');
  return {
    bucket: hostname,
    prefix: folder === '' ? '' : `${folder}/`,
    region: searchParams.get('region') ?? DEFAULT_REGION,
    ...(endpoint !== null && { endpoint }),
    ...(username !== '' && {
      credentials: { accessKeyId: decodeURIComponent(username), secretAccessKey: decodeURIComponent(password) },
    }),
  };
}
