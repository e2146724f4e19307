import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const PREFIX = 'whsec_';
const SECRET_BYTES = 32;
const TOLERANCE_SECONDS = 300;

/** A secret of 256 random bits, as Standard Webhooks writes them. */
export function newSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('base64');
}

/** What is wrong with a secret that somebody has chosen; undefined where nothing is. */
export function faultOfSecret(secret: string): string | undefined {
  if (!secret.startsWith(PREFIX))
    return /^[\x21-\x7e]{16,64}$/.test(secret)
      ? undefined
      : 'Choose 16 to 64 visible ASCII characters, or leave it out';
  const encoded = secret.slice(PREFIX.length);
  const bytes = Buffer.from(encoded, 'base64');
  const isExact = bytes.toString('base64').replace(/=+$/, '') === encoded.replace(/=+$/, '');
  return isExact && bytes.length >= 24 && bytes.length <= 64
    ? undefined
    : 'Behind whsec_ there have to be 24 to 64 bytes as base64';
}

export interface Signable {
  id: string;
  /** Unix seconds. */
  timestamp: number;
  body: string;
}

/** The value of `webhook-signature`: one signature for each secret, so that receivers may know the old or the new one. */
export function signaturesOf({ id, timestamp, body }: Signable, secrets: readonly string[]): string {
  return secrets
    .map((secret) => `v1,${digestOf(`${id}.${timestamp}.${body}`, keyOf(secret)).toString('base64')}`)
    .join(' ');
}

/** Of `fetch`, or of a request of Node or Koa. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * For receivers: whether a message comes from who knows the secret, is unchanged, and was sent within `toleranceSeconds`
 * (default 300) of now. Follows Standard Webhooks 1.0, whoever the sender is.
 * @param payload the body as it came; parsed and written again it is another one
 * @param secret the secret, or several of which one has to fit
 */
export function verifyWebhookSignature(
  payload: string | Uint8Array,
  headers: WebhookHeaders,
  secret: string | readonly string[],
  { toleranceSeconds = TOLERANCE_SECONDS }: { toleranceSeconds?: number } = {},
): boolean {
  const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map((name) => read(headers, `webhook-${name}`));
  if (!id || !timestamp || !signatures || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > toleranceSeconds) return false;
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), bytes]);
  const keys = [secret].flat().map(keyOf);
  const expected = keys.filter(({ length }) => length > 0).map((key) => digestOf(signed, key)); // anybody knows an empty key
  const given = signatures
    .split(' ')
    .flatMap((one) => (one.startsWith('v1,') ? [Buffer.from(one.slice(3), 'base64')] : []));
  return given.some((one) => expected.some((due) => one.length === due.length && timingSafeEqual(one, due)));
}

function digestOf(signed: string | Buffer, key: Buffer): Buffer {
  return createHmac('sha256', key).update(signed).digest();
}

/** Behind `whsec_` the bytes are base64; any other secret is taken as it is written. */
function keyOf(secret: string): Buffer {
  return secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : Buffer.from(secret);
}

function read(headers: WebhookHeaders, name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof found === 'string' ? found : found?.[0];
}
